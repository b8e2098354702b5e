// The codecs that viewers in browsers run on frames: Cornerstone's, in WebAssembly.
//
//   node codecs.cjs < TASKS     TASKS: [{"codec", "from", "to"}] decodes files of one codestream each into files of
//                               samples as the decoder gives them; [{..., "frame": {...}}] encodes without loss
//
// Answers [{"width", "height", "bitsPerSample", "componentCount", "isSigned"} or {"error"}], in the order of the tasks.
'use strict';

const fs = require('fs');

const CODECS = {
  'jpeg': {from: 'codec-libjpeg-turbo-8bit', decoder: 'JPEGDecoder'},
  'jpeg-ls': {from: 'codec-charls', decoder: 'JpegLSDecoder', encoder: 'JpegLSEncoder'},
  'jpeg-2000': {from: 'codec-openjpeg', decoder: 'J2KDecoder'},
  'htj2k': {from: 'codec-openjph', decoder: 'HTJ2KDecoder', encoder: 'HTJ2KEncoder'},
};

function decode(module, codec, task) {
  const decoder = new module[codec.decoder]();
  const codestream = fs.readFileSync(task.from);
  decoder.getEncodedBuffer(codestream.length).set(codestream);
  decoder.decode();
  fs.writeFileSync(task.to, decoder.getDecodedBuffer());
  const {width, height, bitsPerSample, componentCount, isSigned} = decoder.getFrameInfo();
  decoder.delete();
  return {width, height, bitsPerSample, componentCount, isSigned};
}

function encode(module, codec, task) {
  const encoder = new module[codec.encoder]();
  encoder.getDecodedBuffer(task.frame).set(fs.readFileSync(task.from));
  if (encoder.setInterleaveMode && task.frame.componentCount > 1) encoder.setInterleaveMode(2);  // by pixel
  encoder.encode();
  fs.writeFileSync(task.to, encoder.getEncodedBuffer());
  encoder.delete();
  return task.frame;
}

async function main() {
  const modules = {}, answers = [];
  for (const task of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    const codec = CODECS[task.codec];
    modules[task.codec] ??= await require(`@cornerstonejs/${codec.from}/wasmjs`)({print() {}, printErr() {}});
    try {
      answers.push((task.frame ? encode : decode)(modules[task.codec], codec, task));
    } catch (error) {
      answers.push({error: String(error.message ?? error)});
      delete modules[task.codec];  // what it holds after an exception is anybody's guess
    }
  }
  fs.writeSync(1, JSON.stringify(answers));
}

main();
