import { expect, test } from 'vitest'
import { tally } from '../../../../infra/cli/test.ts'

const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [] }

test('tests are counted as vitest counts them', () => {
  expect(tally(report, 1)).toEqual({ passed: 5, failed: 1, skipped: 3 })
})

test('a file that could not be loaded counts as a failed test', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }]

  expect(tally({ ...report, testResults }, 1)).toMatchObject({ failed: 2 })
})

test('a failure outside any test counts as one', () => {
  expect(tally({ ...report, numFailedTests: 0 }, 1)).toMatchObject({ failed: 1 })
  expect(tally(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})
