/** One command, and what it must do. */
export type Row = {
  /** A line for `sh`. */
  readonly command: string
  readonly exit: number
  /** In what it prints, on either output. */
  readonly says: RegExp
  /** Where it is run: in `folder/` unless said otherwise. */
  readonly in?: 'repository'
  /** Ctrl-C is pressed when it has printed this. */
  readonly interruptAt?: RegExp
}

export type Section = { readonly title: string; readonly rows: readonly Row[] }

const row = (command: string, exit: number, says: RegExp, more: Pick<Row, 'in' | 'interruptAt'> = {}): Row => ({
  command,
  exit,
  says,
  ...more,
})
const invoke = (options: string, exit: number, says: RegExp, input = '') =>
  row(`printf '${input}' | faas-cli invoke echo ${options}`.trim(), exit, says)
const inRepository = { in: 'repository' } as const

/** Every command of faas-cli that talks to a gateway, in an order in which each finds what it needs. */
export const SECTIONS: readonly Section[] = [
  {
    title: 'Log in',
    rows: [
      row('faas-cli list', 1, /unauthorized access/i),
      row('faas-cli login -u admin --password wrong', 1, /either username or password is incorrect/),
      row(`printf 'secret word' | faas-cli login -u admin --password-stdin`, 0, /credentials saved for admin/),
      row('grep "auth: " "$OPENFAAS_CONFIG/config.yml"', 0, /auth: basic/),
      row('faas-cli list', 0, /Function\s+Invocations\s+Replicas/),
    ],
  },
  {
    title: 'Gateway',
    rows: [
      row('faas-cli ready', 0, /gateway is ready/),
      row('faas-cli version --warn-update=false', 0, /Provider\s+name:\s+trade2026/),
      row('faas-cli version --json', 0, /"name": "trade2026",\s+"orchestration": "processes"/),
      row('faas-cli version --short-version', 0, /./),
    ],
  },
  {
    title: 'Namespaces',
    rows: [
      row('faas-cli namespace list', 0, /- openfaas-fn/),
      row('faas-cli namespaces', 0, /- openfaas-fn/),
      row('faas-cli namespace get openfaas-fn', 1, /501/),
      row('faas-cli namespace create dev', 1, /405/),
      row('faas-cli namespace update dev', 1, /405/),
      row('faas-cli namespace remove dev', 1, /405/),
      row('faas-cli list -n dev', 1, /400 - namespace "dev" does not exist/),
    ],
  },
  {
    title: 'Secrets',
    rows: [
      row('faas-cli deploy -f functions.yml --filter echo', 1, /400.*secret "(api-key|binary)" does not exist/),
      row('faas-cli secret list', 0, /No secrets found/),
      row('faas-cli secret create api-key --from-literal one', 0, /Created: 202 Accepted/),
      row('faas-cli secret create api-key --from-literal two', 0, /already exists/),
      row('faas-cli secret create api-key --from-literal two --replace', 0, /Updated: 202 Accepted/),
      row(`printf 'three' | faas-cli secret update api-key`, 0, /Updated: 202 Accepted/),
      row(`printf '\\000\\377\\012' > binary.dat; faas-cli secret create binary --from-file binary.dat`, 0, /Created: 202 Accepted/),
      row('faas-cli secret list', 0, /api-key[\s\S]*binary/),
      row('faas-cli secret create Upper --from-literal x', 1, /invalid secret name/),
      row('faas-cli secret update absent --from-literal x', 0, /unable to find secret: absent/),
      row('faas-cli secret remove absent', 1, /unable to find secret: absent/i),
      row(
        'faas-cli secret apply',
        0,
        /Secret api-key still exists, updating[\s\S]*Creating secret: other\.key[\s\S]*Created: 202 Accepted/,
      ),
      row('faas-cli secret remove other.key', 0, /OK/),
    ],
  },
  {
    title: 'Deploy',
    rows: [
      row('faas-cli deploy -f functions.yml', 0, /Deployed\. 202 Accepted/),
      row('faas-cli deploy -f functions.yml', 0, /Deployed\. 202 Accepted/),
      row(
        'faas-cli deploy -f functions.yml --filter echo-two --replace --update=false',
        0,
        /Removing old function[\s\S]*Deployed\. 202 Accepted/,
      ),
      row('faas-cli deploy --image local/echo:dev --name echo-three --env A=1 --label a=b --annotation c=d', 0, /Deployed\. 202 Accepted/),
      row('faas-cli deploy --image local/echo:dev --name Bad_Name', 1, /400.*service name "Bad_Name"/),
      row('faas-cli deploy --image local/absent:dev --name absent', 1, /400.*image "local\/absent:dev" has no bundle/),
      row('faas-cli deploy --image local/echo:dev --name other -n dev', 1, /400.*namespace "dev" does not exist/),
      row('faas-cli ready echo', 0, /Function echo is ready/),
      row('faas-cli ready echo-two', 0, /Function echo-two is ready/),
    ],
  },
  {
    title: 'List, describe, diff',
    rows: [
      row('faas-cli list', 0, /echo\s+0\s+1/),
      row('faas-cli list -v', 0, /local\/echo:dev/),
      row('faas-cli list -q', 0, /^echo\necho-three\necho-two\n$/),
      row('faas-cli list --json --sort invocations', 0, /"name": "echo"/),
      row('faas-cli describe echo', 0, /Name:\s+echo\s+Status:\s+Ready[\s\S]*Environment:[\s\S]*RAM: /),
      row('faas-cli describe echo --json', 0, /"availableReplicas": 1/),
      row('faas-cli describe absent', 1, /no such function: absent/i),
      row('faas-cli diff -f functions.yml', 0, /no differences found/),
      row('faas-cli diff -f functions.yml --env all', 0, /no differences found/),
      row('sed s/hello/bye/ functions.yml > edited.yml; faas-cli diff -f edited.yml', 1, /env\.GREETING: bye[\s\S]*env\.GREETING: hello/),
    ],
  },
  {
    title: 'Invoke',
    rows: [
      invoke('', 0, /^POST \/ text\/plain - 6869$/m, 'hi'),
      ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method) =>
        invoke(`--method ${method}`, 0, new RegExp(`^${method} / text/plain - -$`, 'm')),
      ),
      invoke(`--query a=1 --query 'b=x y' -H 'X-Own: mine'`, 0, /^POST \/\?a=1&b=x\+y text\/plain mine -$/m),
      invoke('--content-type application/octet-stream', 0, /^POST \/ application\/octet-stream - 00ff0a$/m, '\\000\\377\\012'),
      invoke('-n openfaas-fn', 0, /^POST \/ /m),
      invoke('--sign X-Own --key hemlig', 0, /^POST \/ text\/plain sha256=[0-9a-f]{64} 6869$/m, 'hi'),
      ...[201, 400, 404, 429, 500].map((status) =>
        invoke(`--query status=${status}`, status < 300 ? 0 : 1, status < 300 ? /POST/ : new RegExp(`${status}`)),
      ),
      invoke('--query silent=1', 1, /504 - the function did not answer in time/),
      row(`printf '' | faas-cli invoke absent`, 1, /404 - error finding function absent/),
      row(`printf '' | faas-cli invoke echo -n dev`, 1, /404 - error finding function echo\.dev/),
    ],
  },
  {
    title: 'Logs',
    rows: [
      row('faas-cli logs echo --lines 2 --tail=false', 0, /POST \/\?silent=1/),
      row('faas-cli logs echo --since 10m --tail=false --name --instance', 0, /echo \(echo-0\) GET \//),
      row('faas-cli logs echo --since-time 2100-01-01T00:00:00Z --tail=false', 0, /^$/),
      row('faas-cli logs echo --lines 1 --tail=false --output json', 0, /"instance":"echo-0"/),
      row('faas-cli logs echo --lines 1 --tail=false --output keyvalue', 0, /text="POST/),
      row('faas-cli logs echo', 130, /GET \//, { interruptAt: /silent=1/ }),
      row('faas-cli logs absent', 1, /404 - function absent is not deployed/),
    ],
  },
  {
    title: 'Asynchronous calls',
    rows: [
      invoke('--async', 0, /Function submitted asynchronously/, 'hi'),
      invoke(`--async -H "X-Callback-Url: $OPENFAAS_URL/function/echo/told"`, 0, /Function submitted asynchronously/, 'hi'),
      row(`until faas-cli logs echo --tail=false | grep -m1 'POST /told'; do sleep 0.2; done`, 0, /POST \/told/),
      invoke('--async -H X-Callback-Url:ftp://x', 1, /400 - X-Callback-Url is not an http or https address/),
      row(`printf '' | faas-cli invoke absent --async`, 1, /404 - error finding function absent/),
    ],
  },
  {
    title: 'Remove',
    rows: [
      row('faas-cli remove echo-three', 0, /Removing old function/),
      row('faas-cli remove echo-three', 1, /No existing function to remove/),
      row('faas-cli remove -f functions.yml', 0, /Deleting: echo-two/),
      row('faas-cli list -q', 0, /^$/),
    ],
  },
  {
    title: "This project's own stack.yml",
    rows: [
      row('faas-cli generate', 0, /kind: Function/, inRepository),
      row(
        'faas-cli secret create s3-access-key --from-literal name && faas-cli secret create s3-secret-key --from-literal key',
        0,
        /Created: 202 Accepted/,
      ),
      row('STACK=cluster faas-cli deploy', 0, /Deployed\. 202 Accepted/, inRepository),
      row('STACK=cluster faas-cli diff', 0, /no differences found/, inRepository),
      row('STACK=cluster faas-cli deploy --filter "tick-*"', 0, /Deploying: tick-to-bar/, inRepository),
      row('STACK=cluster faas-cli remove', 0, /Deleting: tick-to-bar/, inRepository),
    ],
  },
  {
    title: 'Log out',
    rows: [row('faas-cli logout', 0, /credentials removed/), row('faas-cli list', 1, /unauthorized access/i)],
  },
]
