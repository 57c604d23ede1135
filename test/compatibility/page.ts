import type { Finding, SectionFindings } from './run.ts'

const MOST_LINES = 4
const MOST_CHARACTERS = 160

/** What differs from run to run. */
const VOLATILE: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d\d:?\d\d| UTC|Z)*/g, 'TIME'],
  [/sha256=[0-9a-f]{64}/g, 'sha256=…'],
  [/(RAM:|CPU:)\s+\d+(\.\d+)?/g, '$1 …'],
]

/** The page that says how each command was answered. @param called - what to call the faas-cli that was used. */
export function page(sections: readonly SectionFindings[], called?: string): string {
  const version = sections.flatMap(({ findings }) => findings).find(({ row }) => row.command.endsWith('--short-version'))
  return `${HEAD.replace('VERSION', called ?? version!.output.trim())}${sections.map(section).join('')}${TAIL}`
}

const HEAD = `# Compatibility with faas-cli

What the local host answered to an unmodified faas-cli VERSION, command by command. \`npm run compatibility\` runs them all and writes this page. It needs a \`faas-cli\` on PATH, starts a host of its own and ends it again;
\`npm test\` runs the same commands where there is a faas-cli, and says so where there is none. The files that the commands name are in \`test/compatibility/folder\`. Of long output only a part is shown; TIME and … stand for what
differs from run to run.
`

const section = ({ title, findings }: SectionFindings): string =>
  `\n## ${title}\n\n| command | exit | it printed |\n| --- | --- | --- |\n${findings.map(line).join('')}`

const line = ({ row, exit, output }: Finding): string => `| \`${cell(row.command)}\` | ${exit} | ${printed(output, row.says)} |\n`

/** Of long output the lines from where it says what it must. */
function printed(output: string, says: RegExp): string {
  const from = output.split('\n').length > MOST_LINES ? output.lastIndexOf('\n', Math.max(output.search(says), 0)) + 1 : 0
  const lines = VOLATILE.reduce((text, [volatile, word]) => text.replace(volatile, word), output.slice(from))
    .split('\n')
    .map((text) => text.trim().replace(/\s+/g, ' '))
    .filter((text) => text !== '')
  const shown = lines.slice(0, MOST_LINES).map((text) => `\`${cell(text.slice(0, MOST_CHARACTERS))}\``)
  return [...shown, ...(lines.length > MOST_LINES ? ['…'] : [])].join('<br>') || 'nothing'
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('`', "'")

const TAIL = `
## What needs no gateway, or what this one has not

| command | here |
| --- | --- |
| \`build\`, \`push\`, \`publish\`, \`up\`, \`local-run\` | call Docker. Locally \`npm run build\` makes the bundles that images stand for; for a cluster see \`infra/build/Dockerfile\` |
| \`new\`, \`template\`, \`chart\`, \`plugin\`, \`completion\`, \`registry-login\`, \`secret generate\`, \`keygen\`, \`seal\`, \`unseal\` | work on files, or with other servers |
| \`store deploy\` | deploys an image of somebody else, which no bundle stands for: refused with 400 as above |
| other namespaces than \`openfaas-fn\` | refused, as in OpenFaaS's Community Edition on Kubernetes |

## Where the host goes its own way

| what | OpenFaaS | here |
| --- | --- | --- |
| \`POST /system/functions\` of a function that is deployed | 500 (Kubernetes), 400 (faasd) | 400 |
| secrets of a function | files in \`/var/openfaas/secrets\` | files in the folder that the variable \`SECRETS_DIR\` names; read \`SECRETS_DIR\`, else \`/var/openfaas/secrets\`, and the code runs on both |
| a followed log | ends after the gateway's timeout, usually 60 s | lives until the caller leaves or the function is removed |
| the log of a function that is not deployed | an empty stream or an error, by provider | 404 |
| a function that has no replica to answer, or that breaks off | 500 or 503 with \`X-OpenFaaS-Internal\` | 503 with \`X-OpenFaaS-Internal\`; \`Retry-After\` where trying again can help at once |
| label \`com.openfaas.scale.factor\` beyond 1 to 100 | deployed, and then every call fails | 400 |
| \`X-Call-Id\` of an answer | only when the gateway made it | always |
| \`/async-function/NAME\` of a function that is not there | 202, then dropped | 404 |
| a body of more than 256 kB to \`/async-function\` | refused | taken, up to what the gateway takes |
| a call of \`/async-function\` that fails | dropped (retried in the commercial edition) | retried, then a dead letter ([operations.md](operations.md#asynchronous-calls)) |
| the web page at \`/ui/\` | there | not there |
`
