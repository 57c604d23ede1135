import { altSubject } from '../../../shared/contract/subjects.ts'
import { statements } from '../../support/documents.ts'
import { realDocs } from '../../support/real-data.ts'
import type { Known } from './corpus.ts'

/** The statements of the FOMC as their source would publish them, where they lie beside the repository; successive ones are near-duplicates. */
export const realDocuments = (): Known[] =>
  (realDocs.available ? statements() : []).map((statement) => ({
    subject: altSubject(String(statement.category), String(statement.source)),
    doc: { ...statement, title: String(statement.title), body: String(statement.body) },
  }))
