// The event's own colour instead of ours, made darker or lighter until text on it and in it can be read (WCAG: 4.5 to 1).
const CONTRAST_MIN = 4.6;
const STEP = 0.04;
const dark = matchMedia('(prefers-color-scheme: dark)');
const PAPER = { light: [255, 255, 255], dark: [27, 35, 33] };

const parse = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
const mix = (a, b, share) => a.map((value, at) => Math.round(value + (b[at] - value) * share));
const css = (color) => `rgb(${color.join(' ')})`;

function light(color) {
  const [r, g, b] = color.map((value) => (value / 255 <= 0.03928 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

// What is read best on this colour.
export function inkOn(text) {
  if (!/^#[0-9a-f]{6}$/i.test(text)) return '#ffffff';
  return ['#ffffff', '#111111'].sort((a, b) => contrast(parse(b), parse(text)) - contrast(parse(a), parse(text)))[0];
}

// Towards black or white, until it stands out from the paper and from its own soft background.
function readable(color, paper, end) {
  for (let share = 0; share < 1; share += STEP) {
    const made = mix(color, end, share);
    if (contrast(made, mix(paper, made, 0.1)) >= CONTRAST_MIN && contrast(made, paper) >= CONTRAST_MIN) return made;
  }
  return end;
}

// text: "#rrggbb"; anything else leaves the page as it is.
export function setAccent(text) {
  if (!/^#[0-9a-f]{6}$/i.test(text)) return;
  const draw = () => {
    const [paper, end] = dark.matches ? [PAPER.dark, [255, 255, 255]] : [PAPER.light, [0, 0, 0]];
    const accent = readable(parse(text), paper, end);
    const values = { '--accent': accent, '--accent-strong': mix(accent, end, 0.25), '--accent-soft': mix(paper, accent, 0.1),
      '--accent-ink': dark.matches ? mix(accent, [0, 0, 0], 0.85) : [255, 255, 255] };
    for (const [name, color] of Object.entries(values)) document.documentElement.style.setProperty(name, css(color));
  };
  dark.addEventListener('change', draw);
  draw();
}
