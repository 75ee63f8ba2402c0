// Search with an image, by the server's public REST API and nothing else.

import { prepare } from "./image.js";

const byId = (id) => document.getElementById(id);
const models = document.body.dataset.models.split("/").filter(Boolean);
const withThumbnails = document.body.dataset.thumbnails === "yes";
let latest = 0; // number of the newest search; answers to older ones are dropped
let chosen = null; // the file searched with

// A failure that is told to the user in these words.
class Problem extends Error {}

async function call(path, body) {
  let reply;
  try {
    reply = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
  } catch {
    throw new Problem("The server does not answer. Is it still running?");
  }
  const content = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Problem(inWords(reply.status, content.error ?? reply.statusText));
  return content;
}

function inWords(status, message) {
  if (status === 400) return `The server cannot use this image: ${message}.`;
  if (status === 404) return "The server has no such model any more. Load this page again.";
  if (status === 413) return "This image is too large for the server. Choose a smaller one.";
  if (status === 503 || status === 504) return "The server is busy. Try again in a moment.";
  return `Something went wrong in the server (${status}): ${message}.`;
}

const modelPath = () => `v1/models/${encodeURIComponent(byId("model").value)}`;

async function predict(signature, content) {
  const body = { signature_name: signature, instances: [{ b64: content }] };
  return (await call(`${modelPath()}:predict`, body)).predictions[0];
}

async function search(file) {
  const mine = ++latest;
  const started = performance.now();
  chosen = file;
  begin(file);
  try {
    const content = await prepare(file).catch((error) => {
      throw new Problem(error.message);
    });
    const found = await ask(content);
    if (mine === latest) show(found, performance.now() - started);
  } catch (error) {
    if (mine !== latest) return;
    fail(error instanceof Problem ? error.message : `This page failed: ${error.message}`);
  }
}

// What the model can say of an image: its code, and its neighbours if there is an index.
async function ask(content) {
  const metadata = (await call(`${modelPath()}/metadata`)).metadata;
  const signatures = metadata.signature_def.signature_def;
  if (!signatures.encode_bytes) throw new Problem("This model does not take image files.");
  const [code, neighbours] = await Promise.all([
    predict("encode_bytes", content),
    signatures.search_bytes ? predict("search_bytes", content) : null,
  ]);
  const size = signatures.serving_default?.outputs?.outputs?.tensor_shape?.dim?.[1]?.size;
  return { hex: code.code_hex, bits: Number(size) || 4 * code.code_hex.length, neighbours };
}

function begin(file) {
  document.body.classList.add("chosen", "busy");
  const preview = byId("preview");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.alt = `Your image, ${file.name}`;
  preview.hidden = false;
  byId("call").textContent = file.name || "pasted image";
  byId("hint").textContent = "Choose, drop or paste another";
  byId("status").textContent = "Looking ...";
  byId("error").textContent = "";
}

function fail(message) {
  document.body.classList.remove("busy");
  byId("error").textContent = message;
  byId("status").textContent = "";
  byId("code").hidden = byId("heading").hidden = byId("empty").hidden = true;
  byId("neighbours").replaceChildren();
}

function show({ hex, bits, neighbours }, milliseconds) {
  document.body.classList.remove("busy");
  showCode(hex, bits);
  const rows = neighbours ? neighbours.ids.map((id, i) => [id, neighbours.distances[i]]) : [];
  const present = rows.filter(([id]) => id >= 0);
  byId("neighbours").replaceChildren(...present.map((row, i) => card(...row, i + 1, bits)));
  byId("empty").hidden = present.length > 0;
  byId("heading").hidden = present.length === 0;
  byId("empty").textContent = neighbours
    ? "The index is empty."
    : "This model was exported without an index, so there is nothing to search in.";
  const count = `${present.length} neighbour${present.length === 1 ? "" : "s"}`;
  const what = neighbours ? count : "The code";
  byId("status").textContent = `${what} in ${Math.round(milliseconds)} ms`;
}

// The bits in rows, bit 0 at the top left: bit j is bit j % 8, lowest first, of byte j // 8.
function showCode(hex, bits) {
  const values = Array.from({ length: bits }, (_, j) => {
    const byte = parseInt(hex.substr(2 * Math.floor(j / 8), 2), 16);
    return (byte >> (j % 8)) & 1;
  });
  const on = values.reduce((sum, value) => sum + value, 0);
  const width = bits <= 256 ? 16 : 64;
  const cells = values.map((value, j) => {
    const cell = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const place = { x: (j % width) + 0.06, y: Math.floor(j / width) + 0.06 };
    const attributes = { ...place, width: 0.88, height: 0.88, rx: 0.16 };
    for (const [name, number] of Object.entries(attributes)) cell.setAttribute(name, number);
    cell.setAttribute("class", value ? "on" : "off");
    return cell;
  });
  const pattern = byId("pattern");
  pattern.setAttribute("viewBox", `0 0 ${width} ${Math.ceil(bits / width)}`);
  pattern.setAttribute("aria-label", `Bit pattern, ${on} of ${bits} bits on`);
  pattern.replaceChildren(...cells);
  byId("bits").textContent = `${bits} bits, ${on} on`;
  byId("hex").textContent = hex;
  byId("code").hidden = false;
}

function card(id, distance, rank, bits) {
  const item = document.createElement("li");
  item.className = distance === 0 ? "same" : "";
  const picture = part(item, "picture");
  const about = part(item, "about");
  const name = part(about, "item", `Item ${id}`);
  const likeness = Math.max(0, 100 - (200 * distance) / bits);
  part(part(about, "bar"), "", "", "span").style.width = `${likeness}%`;
  const words = distance === 0 ? "the same code" : `${distance} of ${bits} bits differ`;
  part(about, "differ", words);
  item.setAttribute("aria-label", `Number ${rank}: item ${id}, ${words}`);
  part(picture, "id", `#${id}`);
  if (withThumbnails) showThumbnail(id, picture, name, words);
  return item;
}

function part(parent, className, text = "", kind = "div") {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}

// Fetched rather than linked, because the image's name comes in a header.
async function showThumbnail(id, picture, name, words) {
  const model = encodeURIComponent(byId("model").value);
  const reply = await fetch(`thumbnails/${id}?model=${model}`).catch(() => null);
  if (!reply?.ok) return;
  const image = new Image();
  image.src = URL.createObjectURL(await reply.blob());
  try {
    await image.decode();
  } catch {
    return; // the number stays
  }
  URL.revokeObjectURL(image.src);
  image.classList.toggle("tiny", image.naturalWidth < 64);
  const named = /filename\*=UTF-8''([^;]+)/.exec(reply.headers.get("Content-Disposition"));
  const path = named ? decodeURIComponent(named[1]) : `Item ${id}`;
  const split = path.lastIndexOf("/") + 1;
  name.textContent = path.slice(split);
  name.after(folder(path.slice(0, split)));
  image.alt = `${path}, ${words}`;
  picture.replaceChildren(image);
}

function folder(path) {
  const element = document.createElement("div");
  element.className = "folder";
  element.textContent = path.replace(/\/$/, "");
  return element;
}

function takeFrom(list) {
  const file = [...(list?.files ?? [])][0];
  if (file) search(file);
  return Boolean(file);
}

function start() {
  byId("model").replaceChildren(...models.map((name) => new Option(name, name)));
  byId("picker").hidden = models.length < 2;
  byId("name").textContent = models[0] ?? "NAME";
  byId("model").addEventListener("change", () => {
    byId("name").textContent = byId("model").value;
    if (chosen) search(chosen);
  });
  byId("file").addEventListener("change", (event) => {
    takeFrom(event.target);
    event.target.value = ""; // so that the same file can be chosen again
  });
  byId("preview").addEventListener("load", ({ target }) => {
    target.classList.toggle("tiny", target.naturalWidth < 64);
  });
  byId("preview").addEventListener("error", ({ target }) => (target.hidden = true));
  byId("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(byId("hex").textContent);
    byId("status").textContent = "The code is in the clipboard.";
  });
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      document.body.classList.toggle("dragging", type === "dragover");
      if (type === "drop" && !takeFrom(event.dataTransfer)) fail("That was not a file.");
    });
  }
  document.addEventListener("paste", (event) => takeFrom(event.clipboardData));
}

start();
