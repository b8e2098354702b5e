// What npm dicomweb-client finds, as JSON: node search_client.mjs URL '[["searchForStudies", {...}], ...]'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
globalThis.XMLHttpRequest = require('xhr2')
const { api } = require('dicomweb-client')
const { data } = require('dcmjs')

const [url, searches] = process.argv.slice(2)
const client = new api.DICOMwebClient({ url, verbose: false })
const found = []
for (const [method, options] of JSON.parse(searches)) {
  const matches = await client[method](options)
  found.push(matches.map(match => data.DicomMetaDictionary.naturalizeDataset(match)))
}
console.log(JSON.stringify(found))
