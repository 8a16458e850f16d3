// The colours of the plots, each on a light and on a dark page.

export interface Colour {
  readonly light: string;
  readonly dark: string;
}

/** What frames the figures. */
export const chrome = {
  background: { light: '#ffffff', dark: '#0f141b' },
  text: { light: '#1f2933', dark: '#e3e8ee' },
  axis: { light: '#66717f', dark: '#95a1b0' },
  grid: { light: '#e4e8ed', dark: '#28313c' },
} satisfies Record<string, Colour>;

const contestants: Readonly<Record<string, Colour>> = {
  sluice: { light: '#0a58ca', dark: '#62a4ff' },
  go: { light: '#007d87', dark: '#35cfd9' },
  rust: { light: '#bf4a08', dark: '#ff9a5c' },
  cpp: { light: '#7a2fb8', dark: '#c99bff' },
  messageport: { light: '#5b6672', dark: '#aab4c0' },
  transfer: { light: '#8a6a00', dark: '#e6c84f' },
  piscina: { light: '#b0256f', dark: '#ff86bf' },
  pigz: { light: '#247a3c', dark: '#6fd58a' },
  gzip: { light: '#6b4f3a', dark: '#cfae93' },
};

/** A contestant's colour; those that have none share the one of axes. */
export function colourOf(contestant: string): Colour {
  return contestants[contestant] ?? chrome.axis;
}

export const everyColour: readonly Colour[] = [...Object.values(chrome), ...Object.values(contestants)];
