// Building the page. Text goes in as text only: nothing that was sent ever becomes markup.
const SVG = "http://www.w3.org/2000/svg";
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export const $ = (id) => document.getElementById(id);

export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Lights up what is another text than before.
export function tell(node, text) {
  const before = node.textContent;
  say(node, text);
  if (before && before !== text && !calm.matches && !document.hidden) {
    node.animate([{ color: "var(--fresh)" }, {}], { duration: 800, easing: "ease-out" });
  }
}

export function mark(node, name, value) {
  if (value == null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// A line of numbers, null where there is none; wide is how many there are.
export function spark(label) {
  const line = svg("path", { class: "line" });
  const area = svg("path", { class: "area" });
  const node = svg("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img" }, area, line);
  node.draw = (values, text) => {
    const known = values.filter((value) => value != null);
    node.toggleAttribute("hidden", known.length < 2);
    if (known.length < 2) return;
    const low = Math.min(0, ...known);
    const span = Math.max(...known, 0) - low || 1;
    const x = (at) => ((at / (values.length - 1)) * 100).toFixed(1);
    const y = (value) => (23 - ((value - low) / span) * 22).toFixed(1);
    let path = "";
    let fillPath = "";
    let run = [];
    const end = () => {
      if (run.length) {
        path += `M${run.map(([at, value]) => `${x(at)} ${y(value)}`).join("L")}`;
        fillPath += `M${x(run[0][0])} ${y(0)}L${run.map(([at, value]) => `${x(at)} ${y(value)}`).join("L")}L${x(run.at(-1)[0])} ${y(0)}Z`;
      }
      run = [];
    };
    values.forEach((value, at) => (value == null ? end() : run.push([at, value])));
    end();
    mark(line, "d", path);
    mark(area, "d", fillPath);
    mark(node, "aria-label", text || label);
  };
  return node;
}
