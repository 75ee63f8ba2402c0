// An image file as base64 of what the server takes: JPEG or PNG, upright, not too large.

const MOST_BYTES = 24 * 2 ** 20; // base64 adds a third
const MOST_PIXELS = 4096; // on the longer side, of an image that is converted here

const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47];

// JPEG and PNG go as they are, so that their codes are those of the same files elsewhere.
export async function prepare(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const starts = (magic) => magic.every((value, i) => bytes[i] === value);
  const taken = starts(PNG) || (starts(JPEG) && !isTurned(new DataView(bytes.buffer)));
  return base64(taken && bytes.length <= MOST_BYTES ? file : await converted(file));
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("The file cannot be read."));
    reader.readAsDataURL(blob);
  });
}

async function converted(file) {
  const name = file.name || "This";
  let image;
  try {
    image = await createImageBitmap(file); // upright, as EXIF says
  } catch {
    throw new Error(`${name} is not an image that this browser can read. Try a JPEG or PNG file.`);
  }
  const scale = Math.min(1, MOST_PIXELS / Math.max(image.width, image.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(image.width * scale)),
    Math.max(1, Math.round(image.height * scale)),
  );
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  if (blob.size <= MOST_BYTES) return blob;
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

// Whether EXIF says that the picture is to be turned or mirrored, which the server does not do.
function isTurned(view) {
  try {
    for (let place = 2; view.getUint8(place) === 0xff; place += 2 + view.getUint16(place + 2)) {
      const marker = view.getUint8(place + 1);
      if (marker === 0xda) return false; // the pixels begin
      const isExif = marker === 0xe1 && view.getUint32(place + 4) === 0x45786966;
      if (isExif) return orientation(view, place + 10) > 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // cut short: the server will say so
  }
  return false;
}

function orientation(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const directory = start + view.getUint32(start + 4, little);
  const count = view.getUint16(directory, little);
  for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 1;
}
