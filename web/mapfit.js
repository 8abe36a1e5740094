// The whole plan in sight, as large as it can be without a seat under the buttons that lie on the map.
const MARGIN_PX_MAX = 28;
const MARGIN_PART = 0.045; // of the shorter side: a phone has no room to give away
const GAP_PX = 8;

// A view shows the plan's point p at {x, y} + scale * p, in CSS pixels of the map.
function viewInto({ left, top, right, bottom }, { box, spacing }, scaleMax) {
  const across = Math.max(box.right - box.left, spacing * 4);
  const down = Math.max(box.bottom - box.top, spacing * 4);
  const scale = Math.min((right - left) / across, (bottom - top) / down, scaleMax);
  return { scale, x: (left + right - scale * (box.left + box.right)) / 2, y: (top + bottom - scale * (box.top + box.bottom)) / 2 };
}

function isCovered({ scale, x, y }, plan, { left, top, right, bottom }) {
  const near = plan.spacing / 2;
  const [low, high, first, last] = [(left - x) / scale - near, (right - x) / scale + near, (top - y) / scale - near, (bottom - y) / scale + near];
  for (let seat = 0; seat < plan.count; seat++)
    if (plan.x[seat] > low && plan.x[seat] < high && plan.y[seat] > first && plan.y[seat] < last) return true;
  return plan.areas.some((area) => area.x < high && area.x + area.width > low && area.y < last && area.y + area.height > first);
}

// tools: the box of the buttons in the map, or null. They stand in a corner at the bottom: the plan goes beside or above them.
export function wholeView(plan, width, height, tools, scaleMax) {
  const margin = Math.min(MARGIN_PX_MAX, MARGIN_PART * Math.min(width, height));
  const all = { left: margin, top: margin, right: width - margin, bottom: height - margin };
  const view = viewInto(all, plan, scaleMax);
  if (!tools || !isCovered(view, plan, tools)) return view;
  const beside = tools.left > width - tools.right ? { ...all, right: tools.left - GAP_PX } : { ...all, left: tools.right + GAP_PX };
  const above = { ...all, bottom: tools.top - GAP_PX };
  return [beside, above].map((room) => viewInto(room, plan, scaleMax)).sort((one, other) => other.scale - one.scale)[0];
}
