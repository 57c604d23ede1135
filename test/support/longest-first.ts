import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that are long because of what they wait for, and short to read: begun in their place by size, they would be alone at the end. */
const LONG = [/e2e\/chaos/, /e2e\/command-line/, /questdb\/persist-bars/]
const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => name.test(moduleId))

/** The usual order (what took longest the last time, or else has the largest file), behind those that are known to be long. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project.name)
    return [...byProject.values()].flatMap((all) => [...all.filter(isLong), ...all.filter((file) => !isLong(file))])
  }
}
