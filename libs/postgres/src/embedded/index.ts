export { cacheFolder } from './cache-folder.ts'
export { embeddedVersions, findBinaries, type Major } from './find-binaries.ts'
export { type Server, type ServerOptions, startServer, startTestServer } from './start-server.ts'
