// What npm dicomweb-client makes of a server's answers, as JSON: node wado_client.mjs URL STUDY SERIES INSTANCE
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
globalThis.XMLHttpRequest = require('xhr2')
const { api } = require('dicomweb-client')
const { data } = require('dcmjs')

const [url, studyInstanceUID, seriesInstanceUID, sopInstanceUID] = process.argv.slice(2)
const client = new api.DICOMwebClient({ url, verbose: false })
const study = { studyInstanceUID }
const series = { ...study, seriesInstanceUID }
const instance = { ...series, sopInstanceUID }

/** The SOP Instance UID and the length of the pixel data of a Part 10 file, by dcmjs. */
function read (buffer) {
  const { dict } = data.DicomMessage.readFile(buffer)
  const natural = data.DicomMetaDictionary.naturalizeDataset(dict)
  return { uid: natural.SOPInstanceUID, pixels: natural.PixelData[0].byteLength }
}

const metadata = await client.retrieveInstanceMetadata(instance)
const first = Array.isArray(metadata) ? metadata[0] : metadata
const frames = await client.retrieveInstanceFrames({ ...instance, frameNumbers: [1] })
const asStored = await client.retrieveInstanceFrames({
  ...instance,
  frameNumbers: [1],
  mediaTypes: [{ mediaType: 'application/octet-stream', transferSyntaxUID: '*' }]
})
const bulk = await client.retrieveBulkData({ ...study, BulkDataURI: first['7FE00010'].BulkDataURI })
// Single parts come as arrays of one.
const rendered = await client.retrieveInstanceRendered({ ...instance, mediaTypes: [{ mediaType: 'image/png' }] })
const frameRendered = await client.retrieveInstanceFramesRendered({
  ...instance, frameNumbers: [1], mediaTypes: [{ mediaType: 'image/jpeg' }]
})

console.log(JSON.stringify({
  study: (await client.retrieveStudyMetadata(study)).map(one => one['00080018'].Value[0]),
  series: (await client.retrieveSeriesMetadata(series)).length,
  instance: first['00080018'].Value[0],
  file: read(await client.retrieveInstance(instance)),
  files: (await client.retrieveSeries(series)).map(one => read(one).uid),
  frame: frames.map(one => one.byteLength),
  asStored: asStored.map(one => one.byteLength),
  bulk: (Array.isArray(bulk) ? bulk : [bulk]).map(one => one.byteLength),
  png: Buffer.from(rendered[0]).subarray(1, 4).toString(),
  jpeg: Buffer.from(frameRendered[0]).subarray(0, 2).toString('hex')
}))
