// The map on a canvas: drag, pinch and wheel move it; a tap takes a seat, or comes nearer when seats are too small to hit.
//
// A drawing is one walk over all seats, which sorts the visible ones by colour; then one colour after the other is
// drawn. 20,000 seats cost some milliseconds that way, so nothing is cached and every state is always right.
import { inkOn } from './accent.js';
import { wholeView } from './mapfit.js';
import { FREE, SOLD, NOT_FOR_SALE, ACCESSIBLE } from './plan.js';

const PIXEL_RATIO_MAX = 2;
const PATH_ARCS_MAX = 400; // long paths are slow to fill
const DRAG_PX = 6;
const RADIUS_ROUND_PX = 3;
const RADIUS_DOT_PX = 1.1; // smaller seats are single points, written into a picture of their own
const RADIUS_TAP_PX = { mouse: 4, touch: 9, pen: 6 };
const RADIUS_LABEL_PX = 8;
const REVEAL_RADIUS_PX = 12;
const TAP_SLACK_PX = 24;
const SCALE_STEP = 1.5;
const RADIUS_PX_MAX = 26;

const darkScheme = matchMedia('(prefers-color-scheme: dark)');

export class SeatMap {
  #canvas; #pen; #plan; #on; #mine = new Set(); #only = null; #hover = -1;
  #scale = 1; #x = 0; #y = 0; #fitScale = 1; #isDue = false; #pointers = new Map(); #drag = null; #ratio = 1; #colors;
  #isTouched = false; #width = 0; #height = 0; #dots = null; #points = new Map();

  // on: {seat(index), area(area), hover(index or -1, point or null), areaText(free)}
  constructor(canvas, plan, on) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext('2d', { alpha: false });
    this.#plan = plan;
    this.#on = on;
    this.#readColors();
    darkScheme.addEventListener('change', () => { this.#readColors(); this.redraw(); });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#listen();
  }

  setMine(seats) {
    this.#mine = new Set(seats);
    this.redraw();
  }

  // A category's index, or null for all.
  setOnly(category) {
    this.#only = category;
    this.redraw();
  }

  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width || !height) return;
    const view = wholeView(this.#plan, width, height, this.#toolsBox, this.#scaleMax);
    [this.#scale, this.#x, this.#y] = [view.scale, view.x, view.y];
    this.#fitScale = this.#scale;
    this.#isTouched = false;
    this.redraw();
  }

  // Where the buttons are that lie on the map, if there are any.
  get #toolsBox() {
    const tools = this.#canvas.parentElement.querySelector('.map-tools');
    if (!tools) return null;
    const [from, box] = [this.#canvas, tools].map((node) => node.getBoundingClientRect());
    return { left: box.left - from.left, top: box.top - from.top, right: box.right - from.left, bottom: box.bottom - from.top };
  }

  // Brings these seats into the middle, near enough to read their numbers when that shows all of them.
  reveal(seats) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const [xs, ys] = [this.#plan.x, this.#plan.y].map((all) => seats.map((seat) => all[seat]).filter((at) => !Number.isNaN(at)));
    if (!width || !height || xs.length === 0) return;
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const room = this.#plan.spacing * 2;
    const all = Math.min(width / (right - left + room), height / (bottom - top + room));
    this.#scale = Math.min(all, Math.max(this.#scale, REVEAL_RADIUS_PX / (0.42 * this.#plan.spacing)));
    this.#x = width / 2 - this.#scale * (left + right) / 2;
    this.#y = height / 2 - this.#scale * (top + bottom) / 2;
    this.#shift(0, 0);
  }

  zoom(steps) {
    this.#zoomAt(SCALE_STEP ** steps, this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2);
  }

  // Where a seat is drawn now, in CSS pixels of the canvas.
  #pointOf(seat) {
    return { x: this.#x + this.#scale * this.#plan.x[seat], y: this.#y + this.#scale * this.#plan.y[seat] };
  }

  get #radius() {
    return 0.42 * this.#plan.spacing * this.#scale;
  }

  get #scaleMax() {
    return RADIUS_PX_MAX / (0.42 * this.#plan.spacing);
  }

  #readColors() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    this.#colors = { back: color('--map'), ink: color('--ink'), soft: color('--ink-soft'), held: color('--seat-held'),
      sold: color('--seat-sold'), mine: color('--accent'), mineInk: color('--accent-ink'), area: color('--surface'), shape: color('--rule') };
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width || !height) return;
    this.#ratio = Math.min(devicePixelRatio || 1, PIXEL_RATIO_MAX);
    this.#canvas.width = Math.round(width * this.#ratio);
    this.#canvas.height = Math.round(height * this.#ratio);
    // In a phone that is turned the middle stays the middle; when only the basket grows, seats stay where a finger is.
    if (width !== this.#width) {
      this.#x += (width - this.#width) / 2;
      this.#y += (height - this.#height) / 2;
    }
    [this.#width, this.#height] = [width, height];
    if (this.#isTouched) this.redraw();
    else this.fit();
    this.#draw(); // resizing has emptied the canvas: no frame without a picture
  }

  #draw() {
    const { width, height } = this.#canvas;
    const pen = this.#pen;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = this.#colors.back;
    pen.fillRect(0, 0, width, height);
    pen.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    this.#drawShapes();
    this.#drawAreas();
    const buckets = this.#sort();
    const layers = [...buckets.free.map((seats, category) => [seats, this.#plan.categories[category].color, 1]),
      [buckets.held, this.#colors.held, 0.8], [buckets.dim, this.#colors.held, 0.5], [buckets.sold, this.#colors.sold, 0.45]];
    if (this.#radius < RADIUS_DOT_PX) this.#drawDots(layers);
    else for (const layer of layers) this.#drawSeats(...layer);
    this.#drawMine(buckets.mine);
    if (this.#radius >= RADIUS_LABEL_PX) this.#drawLabels(buckets);
    else this.#drawSectionNames();
    if (this.#hover >= 0) this.#ring(this.#hover, this.#colors.ink);
  }

  // The visible seats, by how they are drawn.
  #sort() {
    const { count, x, y, states, category, categories } = this.#plan;
    const buckets = { free: categories.map(() => []), held: [], sold: [], dim: [], mine: [] };
    const margin = this.#radius;
    const left = (-margin - this.#x) / this.#scale;
    const right = (this.#canvas.clientWidth + margin - this.#x) / this.#scale;
    const top = (-margin - this.#y) / this.#scale;
    const bottom = (this.#canvas.clientHeight + margin - this.#y) / this.#scale;
    for (let seat = 0; seat < count; seat++) {
      if (!(x[seat] > left && x[seat] < right && y[seat] > top && y[seat] < bottom)) continue;
      if (this.#mine.has(seat)) buckets.mine.push(seat);
      else if (states[seat] === SOLD || states[seat] === NOT_FOR_SALE) buckets.sold.push(seat);
      else if (states[seat] !== FREE) buckets.held.push(seat);
      else if (this.#only !== null && category[seat] !== this.#only) buckets.dim.push(seat);
      else buckets.free[category[seat]].push(seat);
    }
    return buckets;
  }

  #drawSeats(seats, color, size) {
    const radius = Math.max(this.#radius * size, 0.6);
    this.#pen.fillStyle = color;
    if (radius < RADIUS_ROUND_PX) this.#squares(seats, radius * 0.9);
    else this.#circles(seats, radius);
  }

  // A hundred thousand seats in sight: one number each instead of one call each.
  #drawDots(layers) {
    const { width, height } = this.#canvas;
    this.#dots ??= document.createElement('canvas');
    if (this.#dots.width !== width || this.#dots.height !== height) Object.assign(this.#dots, { width, height });
    const pen = this.#dots.getContext('2d');
    const picture = new ImageData(width, height);
    const points = new Uint32Array(picture.data.buffer);
    const { x, y } = this.#plan;
    for (const [seats, color, size] of layers) {
      const side = Math.max(1, Math.round(1.8 * Math.max(this.#radius * size, 0.6) * this.#ratio));
      const value = this.#pointOfColor(color);
      for (const seat of seats) {
        const left = Math.round((this.#x + this.#scale * x[seat]) * this.#ratio) - (side >> 1);
        const top = Math.round((this.#y + this.#scale * y[seat]) * this.#ratio) - (side >> 1);
        if (left < 0 || top < 0 || left + side > width || top + side > height) continue;
        for (let down = 0; down < side; down++) points.fill(value, (top + down) * width + left, (top + down) * width + left + side);
      }
    }
    pen.putImageData(picture, 0, 0);
    this.#pen.setTransform(1, 0, 0, 1, 0, 0);
    this.#pen.drawImage(this.#dots, 0, 0);
    this.#pen.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
  }

  // A colour as the browser understands it, as it lies in a picture's memory.
  #pointOfColor(color) {
    if (!this.#points.has(color)) {
      const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
      pen.fillStyle = color;
      pen.fillRect(0, 0, 1, 1);
      this.#points.set(color, new Uint32Array(pen.getImageData(0, 0, 1, 1).data.buffer)[0]);
    }
    return this.#points.get(color);
  }

  #squares(seats, half) {
    const { x, y } = this.#plan;
    for (const seat of seats)
      this.#pen.fillRect(this.#x + this.#scale * x[seat] - half, this.#y + this.#scale * y[seat] - half, 2 * half, 2 * half);
  }

  // Wheelchair spaces are square: told apart by shape, not by colour.
  #circles(seats, radius) {
    const { flags } = this.#plan;
    const pen = this.#pen;
    for (let from = 0; from < seats.length; from += PATH_ARCS_MAX) {
      pen.beginPath();
      for (const seat of seats.slice(from, from + PATH_ARCS_MAX)) {
        const { x, y } = this.#pointOf(seat);
        if (flags[seat] & ACCESSIBLE) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else {
          pen.moveTo(x + radius, y);
          pen.arc(x, y, radius, 0, 2 * Math.PI);
        }
      }
      pen.fill();
    }
  }

  #drawMine(seats) {
    const radius = Math.max(this.#radius, 4);
    this.#pen.fillStyle = this.#colors.mine;
    this.#circles(seats, radius);
    for (const seat of seats) {
      this.#ring(seat, this.#colors.ink);
      this.#tick(this.#pointOf(seat), radius);
    }
  }

  #ring(seat, color) {
    const { x, y } = this.#pointOf(seat);
    this.#pen.strokeStyle = color;
    this.#pen.lineWidth = 2;
    this.#pen.beginPath();
    this.#pen.arc(x, y, Math.max(this.#radius, 4) + 2, 0, 2 * Math.PI);
    this.#pen.stroke();
  }

  #tick({ x, y }, radius) {
    const pen = this.#pen;
    pen.strokeStyle = this.#colors.mineInk;
    pen.lineWidth = Math.max(1.5, radius / 4);
    pen.beginPath();
    pen.moveTo(x - radius * 0.45, y);
    pen.lineTo(x - radius * 0.1, y + radius * 0.35);
    pen.lineTo(x + radius * 0.45, y - radius * 0.35);
    pen.stroke();
  }

  // Decoration: a stage, a wall, a word. Its colours are only hinted at, so that seats stand out in light and dark.
  #drawShapes() {
    const pen = this.#pen;
    for (const { kind, text, color, x, y, width, height, rotation } of this.#plan.shapes) {
      const [halfX, halfY] = [(width * this.#scale) / 2, (height * this.#scale) / 2];
      pen.save();
      pen.translate(this.#x + this.#scale * x + halfX, this.#y + this.#scale * y + halfY);
      pen.rotate((rotation * Math.PI) / 180);
      if (kind !== 'text') this.#fillShape(kind, color, halfX, halfY);
      const size = Math.min(18, halfY * 1.2);
      const isRoom = kind === 'text' || text.length * size * 0.6 < 2 * halfX;
      if (text && size >= 8 && isRoom) this.#text(text, 0, 0, size, this.#colors.soft);
      pen.restore();
    }
  }

  #fillShape(kind, color, halfX, halfY) {
    const pen = this.#pen;
    pen.beginPath();
    if (kind === 'ellipse') pen.ellipse(0, 0, Math.abs(halfX), Math.abs(halfY), 0, 0, 2 * Math.PI);
    else pen.rect(-halfX, -halfY, 2 * halfX, 2 * halfY);
    pen.fillStyle = this.#colors.shape;
    pen.fill();
    pen.strokeStyle = color;
    pen.globalAlpha = 0.4;
    pen.lineWidth = 1;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  #drawAreas() {
    for (const area of this.#plan.areas) {
      const box = [this.#x + this.#scale * area.x, this.#y + this.#scale * area.y, this.#scale * area.width, this.#scale * area.height];
      const isDim = this.#only !== null && this.#only !== area.category;
      this.#pen.fillStyle = this.#colors.area;
      this.#pen.fillRect(...box);
      this.#pen.lineWidth = 2;
      this.#pen.strokeStyle = isDim ? this.#colors.held : this.#plan.categories[area.category].color;
      this.#pen.strokeRect(...box);
      const free = this.#plan.areaFree(area);
      if (box[2] < area.name.length * 8 || box[3] < 40) continue;
      this.#text(area.name, box[0] + box[2] / 2, box[1] + box[3] / 2 - 8, 14, isDim ? this.#colors.soft : this.#colors.ink);
      this.#text(this.#on.areaText(free), box[0] + box[2] / 2, box[1] + box[3] / 2 + 10, 12, this.#colors.soft);
    }
  }

  #text(text, x, y, size, color, halo = false) {
    const pen = this.#pen;
    pen.font = `600 ${size}px system-ui, sans-serif`;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    if (halo) {
      pen.strokeStyle = this.#colors.back;
      pen.lineWidth = 4;
      pen.lineJoin = 'round';
      pen.strokeText(text, x, y);
    }
    pen.fillStyle = color;
    pen.fillText(text, x, y);
  }

  // A name that would lie on another one is left out; it appears when one comes nearer.
  #drawSectionNames() {
    const taken = [];
    for (const { name, box } of this.#plan.sections) {
      const x = this.#x + this.#scale * (box.left + box.right) / 2;
      const y = this.#y + this.#scale * (box.top + box.bottom) / 2;
      const half = name.length * 4.5 + 4;
      if (!name || taken.some((other) => Math.abs(other.x - x) < half + other.half && Math.abs(other.y - y) < 16)) continue;
      taken.push({ x, y, half });
      this.#text(name, x, y, 13, this.#colors.ink, true);
    }
  }

  #drawLabels({ free }) {
    const size = Math.min(13, Math.round(this.#radius * 0.95));
    for (const [category, seats] of free.entries()) {
      const ink = inkOn(this.#plan.categories[category].color);
      for (const seat of seats) {
        const { x, y } = this.#pointOf(seat);
        this.#text(this.#plan.number(seat), x, y + 0.5, size, ink);
      }
    }
    for (const { label, first, numbers } of this.#plan.rows) {
      const start = this.#pointOf(first);
      const end = this.#pointOf(first + numbers.length - 1);
      const out = this.#radius * 2.3;
      this.#text(label, start.x + (end.x >= start.x ? -out : out), start.y, size, this.#colors.soft);
      this.#text(label, end.x + (end.x >= start.x ? out : -out), end.y, size, this.#colors.soft);
    }
  }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('pointercancel', (event) => this.#forget(event));
    canvas.addEventListener('pointerleave', () => this.#setHover(-1));
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.#zoomAt(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 250), event.offsetX, event.offsetY);
    }, { passive: false });
  }

  #down(event) {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#drag = this.#pointers.size === 1 ? { x: event.offsetX, y: event.offsetY, isMoving: false } : null;
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === 'mouse') this.#setHover(this.#seatAt(event.offsetX, event.offsetY, 4));
      return;
    }
    const now = { x: event.offsetX, y: event.offsetY };
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, now);
    else if (this.#drag) this.#pan(before, now);
    this.#pointers.set(event.pointerId, now);
  }

  #pan(before, now) {
    if (!this.#drag.isMoving && Math.hypot(now.x - this.#drag.x, now.y - this.#drag.y) < DRAG_PX) return;
    this.#drag.isMoving = true;
    this.#shift(now.x - before.x, now.y - before.y);
  }

  #pinch(id, before, now) {
    const [, other] = [...this.#pointers].find(([key]) => key !== id);
    const spread = (a) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    this.#zoomAt(spread(now) / spread(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    this.#shift((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  #up(event) {
    const isTap = this.#drag && !this.#drag.isMoving && this.#pointers.size === 1;
    this.#forget(event);
    if (isTap) this.#tap(event.offsetX, event.offsetY, event.pointerType);
  }

  #forget(event) {
    this.#pointers.delete(event.pointerId);
    this.#drag = null;
  }

  // Seats that are too small to hit come nearer, with the one that was meant under the finger.
  #tap(x, y, pointerType) {
    const reach = RADIUS_TAP_PX[pointerType] ?? RADIUS_TAP_PX.touch;
    const isNear = this.#radius >= reach;
    const seat = this.#seatAt(x, y, isNear ? 4 : TAP_SLACK_PX);
    const area = seat < 0 && this.#areaAt(x, y);
    if (area) this.#on.area(area);
    else if (seat >= 0 && isNear) this.#on.seat(seat);
    else if (!isNear) {
      this.#zoomAt(Math.max(2, (reach * 1.3) / this.#radius), x, y);
      if (seat < 0) return;
      const at = this.#pointOf(seat);
      this.#shift(x - at.x, y - at.y);
    }
  }

  #seatAt(px, py, slackPx) {
    const { count, x, y } = this.#plan;
    const reach = (this.#radius + slackPx) / this.#scale;
    const atX = (px - this.#x) / this.#scale;
    const atY = (py - this.#y) / this.#scale;
    let nearest = -1;
    let best = reach * reach;
    for (let seat = 0; seat < count; seat++) {
      const distance = (x[seat] - atX) ** 2 + (y[seat] - atY) ** 2;
      if (distance < best) {
        best = distance;
        nearest = seat;
      }
    }
    return nearest;
  }

  #areaAt(px, py) {
    const x = (px - this.#x) / this.#scale;
    const y = (py - this.#y) / this.#scale;
    return this.#plan.areas.find((a) => x >= a.x && x <= a.x + a.width && y >= a.y && y <= a.y + a.height) ?? null;
  }

  #setHover(seat) {
    if (seat === this.#hover) return;
    this.#hover = seat;
    this.#canvas.classList.toggle('is-over-seat', seat >= 0);
    this.#on.hover(seat, seat >= 0 ? this.#pointOf(seat) : null);
    this.redraw();
  }

  #zoomAt(factor, px, py) {
    const scale = Math.min(this.#scaleMax, Math.max(this.#fitScale * 0.6, this.#scale * factor));
    const by = scale / this.#scale;
    this.#x = px - (px - this.#x) * by;
    this.#y = py - (py - this.#y) * by;
    this.#scale = scale;
    this.#shift(0, 0);
  }

  // Some of the plan always stays in sight.
  #shift(dx, dy) {
    const { left, top, right, bottom } = this.#plan.box;
    const keep = 60;
    const clamp = (at, low, high, size) => Math.min(size - keep - this.#scale * low, Math.max(keep - this.#scale * high, at));
    this.#x = clamp(this.#x + dx, left, right, this.#canvas.clientWidth);
    this.#y = clamp(this.#y + dy, top, bottom, this.#canvas.clientHeight);
    this.#isTouched = true;
    this.redraw();
  }
}
