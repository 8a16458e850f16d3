/** For error messages: what a value is, in a few words. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return value.length > 32 ? `a string of ${value.length} characters` : JSON.stringify(value);
    case 'object':
      return Array.isArray(value)
        ? `an array of ${value.length}`
        : `an object (${value.constructor?.name ?? 'no class'})`;
    case 'function':
      return 'a function';
    case 'bigint':
      return `${value}n`;
    default:
      return String(value);
  }
}
