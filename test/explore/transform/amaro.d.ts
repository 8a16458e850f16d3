/** The part of amaro that the explorer uses. Versions for Node 20 come without types. */
declare module 'amaro' {
  export function transformSync(source: string, options: { mode: 'strip-only' }): { readonly code: string };
}
