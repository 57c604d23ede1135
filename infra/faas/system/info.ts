import { RELEASE } from '../version.ts'
import type { Handler } from './call.ts'

const VERSION = { sha: 'local', release: RELEASE, commit_message: 'trade2026 local host' }
/** Architectures as `uname -m` names them. */
const ARCH: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' }

/** Who answers. faas-cli takes every one of these objects for granted. */
export const info: Handler = () => ({
  status: 200,
  json: {
    provider: { provider: 'trade2026', orchestration: 'processes', version: VERSION },
    version: VERSION,
    arch: ARCH[process.arch] ?? process.arch,
  },
})
