#!/usr/bin/env node
// The command's first step, in plain JavaScript for any Node from 20 on: packages first, then the real program on the Node they bring.
import { spawn } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BIN = join(ROOT, 'node_modules/.bin')

/** @param {string} line */
const fail = (line) => {
  console.error(`trade2026: ${line}`)
  process.exit(1)
}

/** Whether node_modules holds what package-lock.json says: npm writes down what it installed once it is done. */
const packagesFit = () => {
  /** @param {string} file */
  const packagesOf = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages
  try {
    const installed = packagesOf('node_modules/.package-lock.json')
    const wanted = Object.entries(packagesOf('package-lock.json')).filter(([path]) => path !== '')
    return wanted.every(([path, { version, optional }]) => (installed[path] ? installed[path].version === version : optional === true))
  } catch {
    return false
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
const npm = (...args) =>
  new Promise((done) => {
    const [command, ...first] = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
    const options = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
    const child = spawn(command, [...first, ...args, ...options], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        output += bytes
      })
    }
    child.on('error', () => fail('npm is missing: install Node.js with npm'))
    child.on('close', (code) => done({ code, output }))
  })

const installPackages = async () => {
  const folder = join(ROOT, 'node_modules')
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
    fail(`${folder} is a link to packages of another version, which npm would empty: take the link away`)
  const started = Date.now()
  console.error('installing packages (npm ci)')
  const progress = setInterval(() => console.error(`installing packages: ${Math.round((Date.now() - started) / 1000)} s`), 5000)
  let result = await npm('ci')
  // A registry that lacks a package of some other platform leaves it out of the lock file: `ci` refuses that, `install` keeps to the lock as well.
  if (result.code !== 0 && result.output.includes('EUSAGE')) result = await npm('install', '--no-save')
  clearInterval(progress)
  if (result.code !== 0) {
    const lines = result.output.split('\n').filter((line) => /^npm error +\S/.test(line))
    fail(`the packages cannot be installed: ${lines.slice(0, 6).join(' ').replaceAll('npm error ', '') || result.output.trim()}`)
  }
  console.error(`packages are there (${((Date.now() - started) / 1000).toFixed(1)} s)`)
}

/** The Node of the packages; this one where there is none for the machine and this one can run TypeScript. */
const node = () => {
  if (existsSync(join(BIN, 'node'))) return join(BIN, 'node')
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  return fail(
    `no Node package fits this machine (${process.platform} ${process.arch}): run it with Node 22.18 or newer, this is ${process.version}`,
  )
}

if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or newer is needed to start, this is ${process.version}`)
if (!packagesFit()) await installPackages()
const child = spawn(node(), [join(ROOT, 'infra/cli/main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: {
    // What Node has compiled, and stripped of types: half of what the start of a command costs. Every later one finds it there.
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/trade2026'),
    ...process.env,
    PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`,
  },
})
// A terminal's Ctrl-C reaches the child by itself as well: it takes the second one as the first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => fail(error.message))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
