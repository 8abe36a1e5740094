// A ticket's QR code, from the modules the server made of it to a picture that is sharp at every size: dark on white
// with the quiet zone that scanners need, in dark mode and on paper too.
const SVG = 'http://www.w3.org/2000/svg';
const QUIET = 4; // modules, as the standard asks for

function node(tag, properties) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  return made;
}

// Each run of dark modules of a row is one rectangle.
function darkPath(side, isDark) {
  let path = '';
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const from = x;
      while (x < side && isDark(y * side + x)) x++;
      if (x > from) path += `M${from + QUIET} ${y + QUIET}h${x - from}v1h${from - x}z`;
    }
  return path;
}

// modules: base64, row after row, the first one in the lowest bit of the first byte.
export function qrImage({ side, modules }, label) {
  const bytes = atob(modules);
  const size = side + 2 * QUIET;
  const image = node('svg', { class: 'qr', role: 'img', 'aria-label': label, viewBox: `0 0 ${size} ${size}`, 'shape-rendering': 'crispEdges' });
  image.append(node('rect', { width: size, height: size, fill: '#fff' }),
    node('path', { d: darkPath(side, (at) => (bytes.charCodeAt(at >> 3) >> (at & 7)) & 1), fill: '#000' }));
  return image;
}
