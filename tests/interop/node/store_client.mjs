// Stores files with npm dicomweb-client: node store_client.mjs URL FILE...; prints the answer.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const require = createRequire(import.meta.url)
globalThis.XMLHttpRequest = require('xhr2')
const { api } = require('dicomweb-client')

const [url, ...files] = process.argv.slice(2)
const client = new api.DICOMwebClient({ url, verbose: false })
const datasets = files.map(file => {
  const bytes = readFileSync(file)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
})
const request = { responseType: 'text' }
console.log(await client.storeInstances({ datasets, request }))
