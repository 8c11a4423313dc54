// The playground as a browser shows it: controls, network, output and losses, drawn from the frames that the kernel sends.
//
// One module without imports, so that it runs without a network. The kernel decides: a control only asks for a change, and shows
// what the next frame brings. A frame is answered with "drew" once it is drawn, and the kernel makes the next one only then.

const EDGE = 6;
const ORANGE = [213, 94, 0], PAPER = [244, 244, 242], BLUE = [0, 114, 178];
const PATIENCE = 1500, LOST = 20000; // ms without an answer after which the kernel is said to be busy, and perhaps gone
const SAY_EVERY = 3000; // ms between two announcements to a screen reader while it plays

const NAMES = {
  circle: "circle", xor: "XOR", gauss: "two clouds", spiral: "spiral", plane: "plane (regression)", hills: "hills (regression)",
  drawn: "draw your own", tanh: "tanh", sigmoid: "sigmoid", relu: "ReLU", leaky_relu: "leaky ReLU", prelu: "PReLU", elu: "ELU",
  maxout: "maxout", linear: "linear (none)", glorot_uniform: "Glorot (usual)", he_normal: "He (for ReLU)", small: "very small",
  large: "large", zeros: "all 0", sgd: "SGD", "momentum_0.5": "momentum 0.5", "momentum_0.9": "momentum 0.9",
  "momentum_0.99": "momentum 0.99", nesterov: "Nesterov 0.9", rmsprop: "RMSprop", adam: "Adam", none: "none", l1: "L1", l2: "L2",
};
const FEATURES = {
  x1: ["x₁", (x) => x], x2: ["x₂", (x, y) => y], x1_squared: ["x₁²", (x) => x * x], x2_squared: ["x₂²", (x, y) => y * y],
  x1_x2: ["x₁x₂", (x, y) => x * y], sin_x1: ["sin x₁", (x) => Math.sin(x)], sin_x2: ["sin x₂", (x, y) => Math.sin(y)],
};
// name, label, kind, values
const MAIN = [
  ["data", "Data", "choice"],
  ["noise", "Noise", "range", [0, 50, 5]],
  ["train_share", "Training share", "range", [10, 90, 10]],
  ["layers", "Hidden layers", "count"],
  ["activation", "Activation", "choice"],
  ["learning_rate", "Learning rate", "number", [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]],
  ["regularizer", "Regulariser", "choice"],
  ["regularizer_rate", "Regulariser rate", "number", [0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]],
];
const MORE = [
  ["optimizer", "Optimiser", "choice"],
  ["batch_size", "Batch size", "number", [1, 2, 5, 10, 20, 30, 50, 100, 250, 1000]],
  ["initializer", "First weights", "choice"],
  ["dropout", "Dropout", "number", [0, 0.1, 0.2, 0.3, 0.5, 0.7]],
  ["speed", "Epochs per picture", "number", [1, 2, 5, 10, 20, 50]],
  ["batch_norm", "Batch normalisation", "flag"],
];

const STYLE = `
.ckpg { --fg: #1b1b1b; --soft: #4d4d4d; --rule: #8a8a8a; --field: #ffffff; --panel: #f3f4f6; --go: #00598c; --on-go: #ffffff;
  --test: #8f2f66; --bad: #a61b2b; color: var(--fg); font: 14px/1.4 system-ui, sans-serif; padding: 4px 2px; container-type: inline-size; }
.ckpg.dark { --fg: #f1f1f1; --soft: #c4c4c4; --rule: #8f8f8f; --field: #26282c; --panel: #1d1f23; --go: #8fd0ff; --on-go: #06202f;
  --test: #f0a6cf; --bad: #ff9aa5; }
.ckpg *, .ckpg *::before { box-sizing: border-box; }
.ckpg [hidden] { display: none !important; }
.ckpg .bar { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin-bottom: 8px; }
.ckpg .buttons { display: flex; flex-wrap: wrap; gap: 6px; }
.ckpg button.act { font: inherit; padding: 5px 12px; border-radius: 5px; border: 1px solid var(--rule); background: var(--field);
  color: var(--fg); cursor: pointer; min-height: 30px; }
.ckpg button.play { background: var(--go); color: var(--on-go); border-color: var(--go); font-weight: 600; min-width: 88px; }
.ckpg :is(button, input, select, summary, a):focus-visible { outline: 3px solid var(--go); outline-offset: 2px; }
.ckpg .figures { display: flex; flex-wrap: wrap; gap: 2px 16px; font-variant-numeric: tabular-nums; }
.ckpg .figures b { display: inline-block; min-width: 3.6em; }
.ckpg .key { display: inline-block; width: 22px; border-top: 3px solid var(--fg); vertical-align: middle; margin-right: 5px; }
.ckpg .key.test { border-top: 3px dashed var(--test); }
.ckpg .said { margin: 0 0 8px; padding: 6px 10px; border-left: 5px solid var(--bad); background: var(--panel); }
.ckpg .waits { color: var(--soft); font-style: italic; }
.ckpg .settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: 8px 12px; align-items: end; }
.ckpg .field { display: flex; flex-direction: column; gap: 2px; min-width: 0; }
.ckpg .field > span { color: var(--soft); font-size: 12.5px; }
.ckpg .field.flag { flex-direction: row; align-items: center; gap: 6px; }
.ckpg .field.flag > span { font-size: 13px; color: var(--fg); }
.ckpg :is(select, input[type="number"], input[type="text"]) { font: inherit; color: var(--fg); background: var(--field);
  border: 1px solid var(--rule); border-radius: 4px; padding: 3px 5px; width: 100%; min-width: 0; min-height: 28px; margin: 0; }
.ckpg input[type="range"] { width: 100%; margin: 4px 0; accent-color: var(--go); }
.ckpg :is(input[type="checkbox"], input[type="radio"]) { accent-color: var(--go); width: 16px; height: 16px; margin: 0; flex: none; }
.ckpg details { margin: 8px 0; } .ckpg summary { cursor: pointer; width: fit-content; padding: 2px 4px; }
.ckpg details .settings { margin-top: 6px; }
.ckpg .net { position: relative; display: flex; align-items: flex-start; gap: 14px; margin-top: 10px; }
.ckpg .links { position: absolute; left: 0; top: 0; pointer-events: none; }
.ckpg .col { position: relative; flex: 1 1 0; min-width: 38px; display: flex; flex-direction: column; align-items: center; gap: 8px; }
.ckpg .col.inputs { flex: 0 0 auto; align-items: flex-end; }
.ckpg .head { font-size: 12.5px; color: var(--soft); min-height: 46px; display: flex; flex-direction: column; align-items: center; gap: 2px;
  width: 100%; text-align: center; }
.ckpg .head input { width: 46px; text-align: center; padding: 2px; }
.ckpg .row { display: flex; align-items: center; gap: 6px; }
.ckpg .row label { display: flex; align-items: center; gap: 5px; white-space: nowrap; }
.ckpg .tile { display: block; padding: 0; margin: 0; border: 2px solid var(--rule); border-radius: 4px; width: 38px; height: 38px;
  background: var(--panel); overflow: hidden; position: relative; flex: none; }
.ckpg button.tile { cursor: pointer; } .ckpg .tile canvas { display: block; width: 100%; height: 100%; }
.ckpg .tile.off { opacity: 0.35; } .ckpg .tile[aria-pressed="true"] { border-color: var(--fg); box-shadow: 0 0 0 2px var(--fg); }
.ckpg .tile.dead { border-style: dashed; border-color: var(--bad); }
.ckpg .out { position: relative; flex: 0 0 264px; display: flex; flex-direction: column; gap: 6px; }
.ckpg .out .head { min-height: 20px; align-items: flex-start; text-align: left; }
.ckpg .plane { width: 264px; height: 264px; border: 2px solid var(--rule); border-radius: 4px; display: block; touch-action: none; }
.ckpg .plane.drawing { cursor: crosshair; }
.ckpg .scale { display: flex; justify-content: space-between; font-size: 12.5px; color: var(--soft); gap: 8px; }
.ckpg .scale i { flex: 1; height: 12px; align-self: center; border: 1px solid var(--rule); border-radius: 3px;
  background: linear-gradient(90deg, rgb(213,94,0), rgb(244,244,242), rgb(0,114,178)); }
.ckpg .losses { width: 264px; height: 96px; display: block; border-left: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
.ckpg fieldset { border: 1px solid var(--rule); border-radius: 5px; margin: 10px 0 0; padding: 6px 10px 10px; min-width: 0; }
.ckpg legend { font-weight: 600; padding: 0 5px; width: auto; font-size: inherit; color: inherit; border: 0; margin: 0; }
.ckpg fieldset .settings { grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); }
.ckpg .pens { display: flex; flex-wrap: wrap; gap: 6px 14px; margin-bottom: 6px; } .ckpg .pens label { display: flex; gap: 5px; align-items: center; }
.ckpg .hint { color: var(--soft); font-size: 12.5px; margin: 4px 0 0; } .ckpg a { color: var(--go); text-decoration: underline; }
.ckpg .live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 640px) {
  .ckpg .net { flex-wrap: wrap; } .ckpg .out { flex: 1 0 100%; align-items: center; } .ckpg .net { gap: 8px; }
  .ckpg .scale { width: 264px; } .ckpg .tile { width: 32px; height: 32px; } .ckpg .col { min-width: 32px; } .ckpg .head input { width: 40px; }
}
`;

// ── small things ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria")) made.setAttribute(name.replace("aria", "aria-").toLowerCase(), value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function bytesOf(value) {
  if (typeof value === "string") return Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0));
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return value && value.buffer ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(0);
}

/** Split a frame into its header and its pictures. */
function unpack(value) {
  const bytes = bytesOf(value);
  if (bytes.length < 4) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const frame = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const take = (count) => bytes.subarray(at, (at += count));
  frame.output = take(frame.grid ** 2);
  frame.neurons = frame.shown.map((count) => Array.from({ length: count }, () => take(frame.tile ** 2)));
  return frame;
}

const SHADES = Array.from({ length: 256 }, (_, byte) => {
  const value = Math.max(-1, Math.min(1, (byte - 127) / 127));
  const end = value < 0 ? ORANGE : BLUE;
  return PAPER.map((part, i) => Math.round(part + (end[i] - part) * Math.abs(value)));
});
const rgb = (value) => `rgb(${SHADES[Math.round(Math.max(-1, Math.min(1, value)) * 127 + 127)].join(",")})`;

/** Paint bytes, the first row at the bottom, on a canvas of as many pixels. */
function paint(canvas, values, isHard = false) {
  const size = Math.round(Math.sqrt(values.length));
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  const image = context.createImageData(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = values[(size - 1 - row) * size + column];
      const [r, g, b] = SHADES[isHard ? (value > 127 ? 203 : 51) : value];
      image.data.set([r, g, b, 255], (row * size + column) * 4);
    }
  }
  context.putImageData(image, 0, 0);
}

function number(value, isShort = false) {
  if (value === null || value === undefined) return "—";
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 10000)) return value.toExponential(1).replace("-", "−");
  return value.toFixed(isShort ? 2 : 3).replace("-", "−");
}

/** Whether the page behind an element is dark, whatever program it is part of. */
function isDark(start) {
  if (document.documentElement.getAttribute("theme") === "dark") return true; // Colab
  for (let node = start; node; node = node.parentElement) {
    const parts = getComputedStyle(node).backgroundColor.match(/[\d.]+/g);
    if (parts && (parts.length < 4 || Number(parts[3]) > 0.5)) return 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2] < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// ── the view ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

class View {
  constructor(model, el) {
    this.model = model;
    this.id = `ckpg${Math.random().toString(36).slice(2, 8)}`;
    this.fields = {};
    this.columns = [];
    this.selected = null; // [layer, neuron] whose weights are shown
    this.looked = null; // [layer, neuron] under the mouse or with the focus
    this.saidAt = 0;
    this.closing = new AbortController();
    this.root = element("div", { className: "ckpg", role: "region", ariaLabel: "Neural network playground" });
    this.root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab leaves the keys to the controls
    this.root.append(element("style", { textContent: STYLE }), this.bar(), this.messages(), this.settings(), this.network(), this.panel(), this.pens());
    el.append(this.root);
    this.onFrame = () => this.receive();
    model.on("change:frame", this.onFrame);
    this.sizes = new ResizeObserver(() => this.frame && this.drawAll());
    this.sizes.observe(this.root);
    this.themes = new MutationObserver(() => this.theme());
    for (const node of [document.documentElement, document.body]) {
      this.themes.observe(node, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name", "theme"] });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.theme(), { signal: this.closing.signal });
    this.theme();
    this.receive();
  }

  remove() {
    this.model.off("change:frame", this.onFrame);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.closing.abort();
    clearTimeout(this.patience);
  }

  theme() {
    this.root.classList.toggle("dark", isDark(this.root.parentElement || document.body));
    if (this.frame) requestAnimationFrame(() => this.drawAll());
  }

  /** Ask the kernel for something. It answers with a frame. */
  ask(what) {
    this.expect();
    try {
      this.model.send(what);
    } catch {
      this.say("The kernel is gone. Run this cell again.");
    }
  }

  /** Say so when no frame comes for long. */
  expect() {
    clearTimeout(this.patience);
    const lost = () => (this.waits.textContent = "No answer from the kernel. If it was restarted, run this cell again.");
    this.patience = setTimeout(() => {
      this.waits.textContent = "The kernel is busy, or getting the network ready …";
      this.patience = setTimeout(lost, LOST);
    }, PATIENCE);
  }

  set(settings) {
    this.ask({ do: "set", settings });
  }

  say(text) {
    this.said.textContent = text;
    this.said.hidden = !text;
  }

  // ── parts of the page ──

  bar() {
    const button = (name, label, what, title) => {
      const made = element("button", { type: "button", className: `act ${name}`, title, onclick: () => this.ask({ do: what() }) }, label);
      this.fields[name] = { box: made, input: made };
      return made;
    };
    this.epoch = element("b", {}, "0");
    this.losses = [element("b"), element("b")];
    this.rights = [element("span"), element("span")];
    this.waits = element("span", { className: "waits" });
    return element("div", { className: "bar" },
      element("div", { className: "buttons" },
        button("play", "▶ Play", () => (this.frame && this.frame.playing ? "pause" : "play"), "Train until you pause"),
        button("epoch", "One epoch", () => "epoch", "Show all training points to the network once"),
        button("step", "One step", () => "step", "Show it one batch"),
        button("reset", "Reset", () => "reset", "Begin again with other first weights"),
        button("regenerate", "New data", () => "regenerate", "Draw the points anew")),
      element("div", { className: "figures" },
        element("span", {}, "Epoch ", this.epoch),
        element("span", {}, element("span", { className: "key" }), "training loss ", this.losses[0], this.rights[0]),
        element("span", {}, element("span", { className: "key test" }), "test loss ", this.losses[1], this.rights[1]),
        this.waits));
  }

  messages() {
    this.said = element("p", { className: "said", role: "alert", hidden: true });
    this.live = element("div", { className: "live", ariaLive: "polite" });
    return element("div", {}, this.said, this.live);
  }

  settings() {
    this.more = element("details", {}, element("summary", {}, "More settings"),
      element("div", { className: "settings" }, ...MORE.map((field) => this.field(...field))), this.share());
    return element("div", {}, element("div", { className: "settings" }, ...MAIN.map((field) => this.field(...field))), this.more);
  }

  field(name, label, kind, values) {
    const made = { choice: () => this.choice(name), number: () => this.choice(name, values), range: () => this.range(name, values),
      count: () => this.count(), flag: () => this.flag(name) }[kind]();
    const text = element("span", {}, label);
    const box = element("label", { className: `field ${kind}` }, ...(kind === "flag" ? [made.input, text] : [text, made.input]));
    this.fields[name] = { ...made, box, text, label };
    return box;
  }

  choice(name, values) {
    const input = element("select", { onchange: () => this.set({ [name]: values ? Number(input.value) : input.value }) });
    const show = (now) => {
      const options = values ? (values.includes(now) ? values : [...values, now].sort((a, b) => a - b)) : this.state.choices[name];
      if (input.options.length !== options.length) {
        input.replaceChildren(...options.map((o) => element("option", { value: o }, values ? this.option(name, o) : NAMES[o] || o)));
      }
      input.value = String(now);
    };
    return { input, show };
  }

  option(name, value) {
    return name === "batch_size" && value === 1000 ? "all points" : value > 0 && value < 1e-4 ? value.toFixed(5) : String(value);
  }

  range(name, [min, max, step]) {
    const field = () => this.fields[name];
    const label = () => (field().text.textContent = `${field().label}: ${input.value} %`);
    const input = element("input", { type: "range", min, max, step, oninput: label, onchange: () => this.set({ [name]: Number(input.value) }) });
    return { input, show: (now) => { input.step = now % step ? 1 : step; input.value = now; label(); } };
  }

  count() {
    const input = element("input", { type: "number", min: 0, max: 6, onchange: () => {
      const hidden = [...this.state.hidden], count = Math.max(0, Math.min(6, Math.round(Number(input.value)) || 0));
      while (hidden.length < count) hidden.push(hidden.length ? hidden[hidden.length - 1] : 4);
      this.set({ hidden: hidden.slice(0, count) });
    } });
    return { input, show: () => (input.value = this.state.hidden.length) };
  }

  flag(name) {
    const input = element("input", { type: "checkbox", onchange: () => this.set({ [name]: input.checked }) });
    return { input, show: (now) => (input.checked = now) };
  }

  share() {
    const input = element("input", { type: "text", spellcheck: false, autocomplete: "off" });
    const use = () => this.ask({ do: "take over", text: input.value });
    input.addEventListener("keydown", (event) => event.key === "Enter" && use());
    this.link = element("a", { target: "_blank", rel: "noreferrer" }, "the same at playground.tensorflow.org");
    this.lacks = element("span");
    const box = element("fieldset", {}, element("legend", {}, "These settings as a text"),
      element("label", { className: "field" }, element("span", {}, "Copy it, or paste a text or an address of playground.tensorflow.org"), input),
      element("div", { className: "row", style: "margin-top:6px;flex-wrap:wrap" },
        element("button", { type: "button", className: "act", onclick: use }, "Use this text"), this.link, this.lacks));
    this.fields.share = { box, input, show: () => {
      input.value = this.state.text;
      this.link.href = this.state.address;
      this.lacks.textContent = this.state.only_here.length ? `(without ${this.state.only_here.join(", ").replaceAll("_", " ")})` : "";
    } };
    return box;
  }

  network() {
    this.links = element("canvas", { className: "links", ariaHidden: "true" });
    this.inputs = Object.entries(FEATURES).map(([name, [label, f]]) => this.input(name, label, f));
    const head = element("div", { className: "head" }, "Inputs");
    this.featureColumn = element("div", { className: "col inputs", role: "group", ariaLabel: "Inputs" }, head, ...this.inputs.map((i) => i.row));
    this.outColumn = this.output();
    this.net = element("div", { className: "net" }, this.links, this.featureColumn, this.outColumn);
    this.net.addEventListener("keydown", (event) => this.walk(event));
    const hint = "Lines are weights: blue above 0, orange below, thick ones are large. Choose a neuron to see it large and to change its weights.";
    return element("div", {}, this.net, element("p", { className: "hint" }, hint));
  }

  input(name, label, f) {
    const canvas = element("canvas", { width: 25, height: 25 });
    const values = new Uint8Array(625);
    for (let i = 0; i < 625; i++) {
      const at = (place) => ((place + 0.5) / 25) * 2 * EDGE - EDGE;
      values[i] = Math.round(Math.max(-1, Math.min(1, f(at(i % 25), at(Math.floor(i / 25))) / (label.includes("sin") ? 1 : EDGE))) * 127 + 127);
    }
    paint(canvas, values);
    const check = element("input", { type: "checkbox", onchange: () => {
      const chosen = new Set(this.state.features);
      chosen[check.checked ? "add" : "delete"](name);
      this.set({ features: [...chosen] });
    } });
    const tile = element("span", { className: "tile", ariaHidden: "true" }, canvas);
    return { name, label, check, tile, row: element("div", { className: "row" }, element("label", {}, check, label), tile) };
  }

  column(layer) {
    const count = element("input", { type: "number", min: 1, max: 8, onchange: () => {
      const hidden = [...this.state.hidden];
      hidden[layer] = Math.max(1, Math.min(8, Math.round(Number(count.value)) || 1));
      this.set({ hidden });
    } });
    count.setAttribute("aria-label", `Neurons of layer ${layer + 1}`);
    const head = element("div", { className: "head" }, element("span", {}, `Layer ${layer + 1}`), count);
    const note = element("span", { className: "hint" });
    const box = element("div", { className: "col", role: "group", ariaLabel: `Layer ${layer + 1}` }, head, note);
    this.net.insertBefore(box, this.outColumn);
    return { box, count, note, tiles: [] };
  }

  tile(layer, neuron) {
    const look = (on) => { this.looked = on ? [layer, neuron] : null; this.drawPlane(); };
    const canvas = element("canvas", { width: 25, height: 25 });
    const box = element("button", { type: "button", className: "tile", tabIndex: -1, onclick: () => this.select(layer, neuron),
      onmouseenter: () => look(true), onmouseleave: () => look(false), onfocus: () => look(true), onblur: () => look(false) }, canvas);
    box.dataset.at = `${layer},${neuron}`;
    this.columns[layer].box.append(box);
    return { box, canvas };
  }

  /** Arrow keys move between neurons: all of them are one stop of the tabulator. */
  walk(event) {
    const move = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const at = event.target.dataset && event.target.dataset.at;
    if (!move || !at) return;
    event.preventDefault();
    event.stopPropagation();
    const [layer, neuron] = at.split(",").map(Number), to = layer + move[0];
    if (to < 0 || to >= this.frame.shown.length) return;
    const target = this.columns[to].tiles[Math.min(this.frame.shown[to] - 1, Math.max(0, neuron + move[1]))].box;
    event.target.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  }

  output() {
    this.caption = element("div", { className: "head" }, "Output");
    this.plane = element("canvas", { className: "plane", role: "img" });
    this.chart = element("canvas", { className: "losses", role: "img" });
    this.soft = element("canvas", { width: 50, height: 50 });
    for (const [name, f] of [["pointerdown", "press"], ["pointermove", "drag"], ["pointerup", "release"], ["pointercancel", "release"]]) {
      this.plane.addEventListener(name, (event) => this[f](event));
    }
    return element("div", { className: "out" }, this.caption, this.plane,
      element("div", { className: "scale", ariaHidden: "true" }, element("span", {}, "■ −1"), element("i"), element("span", {}, "1 ●")),
      this.field("show_test", "Show the test points", "flag"), this.field("discretize", "Two colours only", "flag"), this.chart);
  }

  panel() {
    this.legend = element("legend");
    this.weights = element("div", { className: "settings" });
    this.weightBox = element("fieldset", { hidden: true }, this.legend, this.weights, element("p", { className: "hint" },
      "Type another number to change a weight. ", element("button", { type: "button", className: "act", onclick: () => this.select(...this.selected) }, "Close")));
    return this.weightBox;
  }

  pens() {
    this.pen = 1;
    const pen = (value, label) => element("label", {}, element("input", { type: "radio", name: `${this.id}pen`, checked: value === 1, onchange: () => (this.pen = value) }), label);
    const place = (label) => element("input", { type: "number", min: -EDGE, max: EDGE, step: 0.5, value: 0, ariaLabel: label, oninput: () => this.drawPlane() });
    this.places = [place("x₁ of the new point"), place("x₂ of the new point")];
    const act = (label, f) => element("button", { type: "button", className: "act", onclick: f }, label);
    this.penBox = element("fieldset", { hidden: true }, element("legend", {}, "Draw your own points"),
      element("div", { className: "pens" }, pen(1, "blue ●"), pen(-1, "orange ■"), pen(0, "rub out")),
      element("div", { className: "row", style: "flex-wrap:wrap" },
        element("label", {}, "x₁ ", this.places[0]), element("label", {}, "x₂ ", this.places[1]),
        act("Add point", () => this.put(...this.places.map((input) => Math.max(-EDGE, Math.min(EDGE, Number(input.value) || 0))), true)),
        act("Remove all", () => this.set({ points: [] }))),
      element("p", { className: "hint" }, "Draw on the large picture with the mouse, or type a place and add a point. The network goes on learning."));
    return this.penBox;
  }

  // ── frames ──

  receive() {
    const frame = unpack(this.model.get("frame"));
    if (!frame || (this.frame && frame.number === this.frame.number)) return;
    clearTimeout(this.patience);
    this.waits.textContent = "";
    this.frame = frame;
    this.state = this.model.get("settings");
    this.samples = this.model.get("samples");
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => {
      this.drawAll();
      this.root.dataset.frame = frame.number;
      this.model.send({ do: "drew", number: frame.number });
      if (frame.playing) this.expect();
    });
  }

  drawAll() {
    this.say(this.frame.said);
    this.showSettings();
    this.showFigures();
    this.showNetwork();
    this.drawLinks();
    this.drawPlane();
    this.drawChart();
    this.showWeights();
  }

  showSettings() {
    const hidden = new Set(this.state.hide);
    for (const [name, field] of Object.entries(this.fields)) {
      field.box.hidden = hidden.has(name === "layers" ? "hidden" : name);
      const isTyping = field.input === document.activeElement && ["number", "text", "range"].includes(field.input.type) && !this.frame.said;
      if (field.show && !isTyping) field.show(this.state[name]);
    }
    this.fields.regularizer_rate.input.disabled = this.state.regularizer === "none";
    this.fields.noise.input.disabled = this.fields.regenerate.input.disabled = this.state.data === "drawn";
    this.more.hidden = MORE.every(([name]) => hidden.has(name)) && hidden.has("share");
    this.penBox.hidden = this.state.data !== "drawn";
    this.plane.classList.toggle("drawing", this.state.data === "drawn");
    const play = this.fields.play.input, label = this.frame.playing ? "❚❚ Pause" : "▶ Play";
    if (play.textContent !== label) play.textContent = label;
  }

  showFigures() {
    const { epoch, step, steps, loss, right, playing } = this.frame;
    this.epoch.textContent = step ? `${epoch} + ${step}/${steps}` : epoch;
    loss.forEach((value, i) => (this.losses[i].textContent = number(value)));
    right.forEach((value, i) => (this.rights[i].textContent = value === null ? "" : `(${Math.round(value * 100)} % right)`));
    const now = Date.now();
    if (playing && now - this.saidAt < SAY_EVERY) return;
    this.saidAt = now;
    this.live.textContent = this.inWords();
  }

  inWords() {
    const { epoch, loss, right, dead, diverged } = this.frame;
    const words = [`Epoch ${epoch}. Training loss ${number(loss[0])}, test loss ${number(loss[1])}.`];
    if (right[1] !== null) words.push(`${Math.round(right[1] * 100)} percent of the test points are on the right side.`);
    if (dead.length) words.push(`${dead.length} hidden neurons answer 0 everywhere.`);
    if (diverged) words.push("The weights are no longer numbers.");
    return words.join(" ");
  }

  showNetwork() {
    const { shown, sizes, neurons, dead } = this.frame, hidesFeatures = this.state.hide.includes("features");
    for (const { name, check, tile, row } of this.inputs) {
      const isOn = this.state.features.includes(name);
      row.hidden = hidesFeatures && !isOn;
      check.hidden = hidesFeatures;
      check.checked = isOn;
      tile.classList.toggle("off", !isOn);
    }
    while (this.columns.length < shown.length) this.columns.push(this.column(this.columns.length));
    const isDead = new Set(dead.map(String));
    this.columns.forEach((column, layer) => {
      column.box.hidden = layer >= shown.length;
      if (column.box.hidden) return;
      column.count.hidden = this.state.hide.includes("hidden");
      if (column.count !== document.activeElement) column.count.value = sizes[layer];
      column.note.textContent = sizes[layer] > shown[layer] ? `${shown[layer]} of ${sizes[layer]}` : "";
      column.note.hidden = !column.note.textContent;
      while (column.tiles.length < shown[layer]) column.tiles.push(this.tile(layer, column.tiles.length));
      column.tiles.forEach(({ box, canvas }, neuron) => {
        box.hidden = neuron >= shown[layer];
        if (box.hidden) return;
        paint(canvas, neurons[layer][neuron]);
        const sleeps = isDead.has(`${layer},${neuron}`);
        box.classList.toggle("dead", sleeps);
        const label = `Layer ${layer + 1}, neuron ${neuron + 1}${sleeps ? ": answers 0 everywhere" : ""}`;
        if (box.title !== label) box.title = label, box.setAttribute("aria-label", label);
        box.setAttribute("aria-pressed", String(this.isSelected(layer, neuron)));
      });
    });
    const boxes = this.columns.slice(0, shown.length).flatMap((column, layer) => column.tiles.slice(0, shown[layer]).map((tile) => tile.box));
    if (boxes.length && !boxes.some((box) => box.tabIndex === 0)) boxes[0].tabIndex = 0;
  }

  /** The elements between which the weights of a layer lead. */
  stages() {
    const inputs = this.inputs.filter(({ name }) => this.state.features.includes(name)).map(({ tile }) => tile);
    const hidden = this.frame.shown.map((count, layer) => this.columns[layer].tiles.slice(0, count).map(({ box }) => box));
    return [inputs, ...hidden, [this.plane]];
  }

  drawLinks() {
    const context = this.fit(this.links, this.net.clientWidth, this.net.clientHeight);
    const origin = this.net.getBoundingClientRect(), stages = this.stages();
    const boxes = stages.map((stage) => stage.map((node) => node.getBoundingClientRect()));
    const isBelow = boxes[boxes.length - 1][0].top > boxes[0][0].top + 300 || boxes[boxes.length - 1][0].left < boxes[0][0].right;
    this.frame.weights.forEach((kernel, layer) => {
      if (isBelow && layer === this.frame.weights.length - 1) return;
      boxes[layer].forEach((from, row) => boxes[layer + 1].forEach((to, column) => {
        const weight = kernel[row] && kernel[row][column];
        if (weight === null || weight === undefined || Math.abs(weight) < 0.01) return;
        const size = Math.min(Math.abs(weight), 4), x0 = from.right - origin.left, x1 = to.left - origin.left;
        const y0 = from.top + from.height / 2 - origin.top, y1 = to.top + to.height / 2 - origin.top;
        context.strokeStyle = `rgba(${(weight < 0 ? ORANGE : BLUE).map((part) => (this.root.classList.contains("dark") ? Math.round(part + (255 - part) * 0.35) : part)).join(",")},${0.3 + 0.15 * size})`;
        context.lineWidth = 0.5 + 1.5 * size;
        context.beginPath();
        context.moveTo(x0, y0);
        context.bezierCurveTo((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1);
        context.stroke();
      }));
    });
  }

  /** Give a canvas as many pixels as it covers on the screen, and return its context in CSS pixels. */
  fit(canvas, width, height) {
    const scale = Math.min(3, window.devicePixelRatio || 1);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      if (canvas === this.links) Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  drawPlane() {
    if (!this.frame) return;
    const [layer, neuron] = this.looked || [];
    const hidden = this.looked && this.frame.neurons[layer] && this.frame.neurons[layer][neuron];
    paint(this.soft, hidden || this.frame.output, this.state.discretize && !hidden);
    const size = this.plane.clientWidth || 260, context = this.fit(this.plane, size, size);
    context.imageSmoothingEnabled = !this.state.discretize || Boolean(hidden);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.soft, 0, 0, size, size);
    const caption = hidden ? `What layer ${layer + 1}, neuron ${neuron + 1} answers` : "Output";
    if (this.caption.textContent !== caption) this.caption.textContent = caption;
    this.samples.train.forEach((point) => this.drawPoint(context, size, point, "white"));
    if (this.state.show_test || this.state.data === "drawn") this.samples.test.forEach((point) => this.drawPoint(context, size, point, "black"));
    if (this.state.data === "drawn") this.drawCross(context, size);
    const blue = this.frame.output.reduce((sum, value) => sum + (value > 127), 0) / this.frame.output.length;
    this.plane.setAttribute("aria-label", `The plane of x₁ and x₂ from −6 to 6: ${Math.round(blue * 100)} percent blue, the rest orange, with ${this.samples.train.length} training points. ${this.inWords()}`);
  }

  drawPoint(context, size, [x1, x2, target], edge) {
    const x = ((x1 + EDGE) / (2 * EDGE)) * size, y = size - ((x2 + EDGE) / (2 * EDGE)) * size, r = this.state.regression ? 2.4 : 3.2;
    context.beginPath();
    if (target < 0 && !this.state.regression) context.rect(x - r * 0.9, y - r * 0.9, 1.8 * r, 1.8 * r);
    else context.arc(x, y, r, 0, 2 * Math.PI);
    context.fillStyle = rgb(target);
    context.strokeStyle = edge;
    context.lineWidth = 1;
    context.fill();
    context.stroke();
  }

  /** The place of the point that "Add point" would add. */
  drawCross(context, size) {
    const [x, y] = this.places.map((input) => ((Number(input.value) || 0) + EDGE) / (2 * EDGE) * size);
    context.strokeStyle = "#000";
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x - 7, size - y);
    context.lineTo(x + 7, size - y);
    context.moveTo(x, size - y - 7);
    context.lineTo(x, size - y + 7);
    context.stroke();
  }

  drawChart() {
    const width = this.chart.clientWidth || 260, height = this.chart.clientHeight || 90, context = this.fit(this.chart, width, height);
    const colours = getComputedStyle(this.root), history = this.frame.history;
    const known = history.flatMap((entry) => entry.slice(1)).filter((value) => value !== null).sort((a, b) => a - b);
    const last = history.length ? history[history.length - 1][0] : 0, top = Math.max(known[Math.floor(known.length * 0.98)] || 0, 1e-6) * 1.1;
    const place = (epoch, value) => [(epoch / Math.max(1, last)) * (width - 4) + 2, height - 2 - (Math.min(value, top) / top) * (height - 6)];
    [["--fg", []], ["--test", [6, 4]]].forEach(([name, dashes], i) => {
      context.strokeStyle = colours.getPropertyValue(name);
      context.setLineDash(dashes);
      context.lineWidth = 2;
      context.beginPath();
      let draws = false;
      for (const entry of history) {
        if (entry[i + 1] === null) { draws = false; continue; }
        context[draws ? "lineTo" : "moveTo"](...place(entry[0], entry[i + 1]));
        draws = true;
      }
      context.stroke();
    });
    context.setLineDash([]);
    context.fillStyle = colours.getPropertyValue("--soft");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.fillText(`loss, up to ${number(top / 1.1, true)}`, width - 4, 12);
    this.chart.setAttribute("aria-label", `Losses from epoch 0 to ${last}. ${this.inWords()}`);
  }

  // ── weights of one neuron ──

  isSelected(layer, neuron) {
    return Boolean(this.selected) && this.selected[0] === layer && this.selected[1] === neuron;
  }

  select(layer, neuron) {
    if (this.state.hide.includes("weights")) return;
    this.selected = this.isSelected(layer, neuron) ? null : [layer, neuron];
    this.built = "";
    this.showNetwork();
    this.showWeights();
  }

  showWeights() {
    const [layer, neuron] = this.selected || [], kernel = this.frame.weights[layer];
    this.weightBox.hidden = !kernel || kernel[0].length <= neuron;
    if (this.weightBox.hidden) return;
    const inputs = layer ? kernel.map((_, i) => `neuron ${i + 1}`) : this.state.features.map((name) => FEATURES[name][0]);
    const values = [...kernel.map((row) => row[neuron]), this.frame.biases[layer][neuron]];
    const key = `${layer},${neuron},${inputs}`;
    if (this.built !== key) {
      this.built = key;
      this.legend.textContent = `Layer ${layer + 1}, neuron ${neuron + 1}: its weights`;
      this.weightInputs = [...inputs, "bias"].map((_, row) => {
        const input = element("input", { type: "number", step: 0.1, onchange: () =>
          this.ask({ do: "weight", layer, row: row < inputs.length ? row : null, neuron, value: Number(input.value) }) });
        return input;
      });
      this.weights.replaceChildren(...[...inputs, "bias"].map((label, row) =>
        element("label", { className: "field" }, element("span", {}, row < inputs.length ? `from ${label}` : label), this.weightInputs[row])));
    }
    this.weightInputs.forEach((input, i) => input !== document.activeElement && (input.value = values[i] === null ? "" : Number(values[i].toFixed(3))));
  }

  // ── drawing points ──

  place(event) {
    const box = this.plane.getBoundingClientRect(), clip = (value) => Math.round(Math.max(-EDGE, Math.min(EDGE, value)) * 100) / 100;
    return [clip(((event.clientX - box.left) / box.width) * 2 * EDGE - EDGE), clip(EDGE - ((event.clientY - box.top) / box.height) * 2 * EDGE)];
  }

  press(event) {
    if (this.state.data !== "drawn") return;
    this.plane.setPointerCapture(event.pointerId);
    this.stroke = { points: [...this.state.points], last: null };
    this.drag(event);
  }

  drag(event) {
    if (!this.stroke) return;
    const [x, y] = this.place(event), { last } = this.stroke;
    if (last && Math.hypot(x - last[0], y - last[1]) < 0.45) return;
    this.stroke.last = [x, y];
    this.put(x, y);
  }

  release() {
    if (!this.stroke) return;
    const points = this.stroke.points;
    this.stroke = null;
    this.set({ points });
  }

  /** Add a point, or rub out those near it; draw it at once, and send it now or at the end of the stroke. */
  put(x, y, isWhole = false) {
    const old = this.stroke ? this.stroke.points : this.state.points;
    const points = this.pen ? [...old, [x, y, this.pen]] : old.filter((point) => Math.hypot(point[0] - x, point[1] - y) > 0.5);
    if (isWhole) return this.set({ points });
    this.stroke.points = points.slice(0, this.state.limits.points);
    this.samples = { train: this.stroke.points, test: [] };
    this.drawPlane();
  }
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.remove();
  },
};
