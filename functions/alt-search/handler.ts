import * as z from 'zod'
import type { DocSearch } from '../../shared/ports/doc-search.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { defineFunction } from '../../shared/runtime/function.ts'
import { parsed } from '../../shared/runtime/request.ts'
import { cursorOf, queryOf, Size } from './request.ts'

const Like = z.strictObject({ size: Size })

/**
 * `GET /alt/search?q&symbols&category&source&from&to&duplicates&sort&size&cursor`: documents with highlights, and on the first page how many there are by category,
 * source and symbol. `next` is the query of the page after. `GET /alt/search/{id}`: one, whole; `GET /alt/search/{id}/like?size`: those like it.
 */
export const altSearch = (search: DocSearch) =>
  defineFunction({
    name: 'alt-search',
    routes(app) {
      for (const path of ['', '/alt/search']) {
        app.get(path || '/', async (c) => {
          const query = queryOf(c.req.query())
          const { end, documents, ...page } = await search.find(query)
          c.get('note').documents = documents.length
          const next = end && `?${new URLSearchParams({ ...c.req.query(), sort: query.sort, cursor: cursorOf(query.sort, end) })}`
          if (next) c.header('link', `<${next}>; rel="next"`)
          return c.json({ ...page, documents, next: next ?? null })
        })
        app.get(`${path}/:id{[0-9a-f]{64}}`, async (c) => {
          const found = await search.one(c.req.param('id'))
          if (!found) throw new TerminalError('ERR_NOT_FOUND', 'there is no such document')
          return c.json(found)
        })
        app.get(`${path}/:id{[0-9a-f]{64}}/like`, async (c) => {
          const { size } = parsed(Like, c.req.query())
          return c.json({ documents: await search.like(c.req.param('id'), size) })
        })
      }
    },
  })
