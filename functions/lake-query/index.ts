import { ENGINE, runEngine } from '../../shared/adapters/duckdb/process.ts'

// One program, twice: the function, and the process that it starts for each query.
if (process.argv[2] === ENGINE) await runEngine({ memoryMb: Number(process.argv[3]), threads: Number(process.argv[4]) })
else await import('./serve.ts')
