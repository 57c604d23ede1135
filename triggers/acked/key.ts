import type { Order } from '../annotation.ts'
import { headerLines } from '../header-block.ts'
import type { Content } from './content.ts'

/** The key of a message: those of one key keep their order. One that has none, or where no order is asked for, is ordered with nothing. */
export function keyOf(order: Order, content: Content): string | undefined {
  switch (order.kind) {
    case 'none':
      return undefined
    case 'subject':
      return content.subject
    case 'token':
      return content.subject.split('.')[order.number - 1]
    case 'header': {
      const wanted = order.name.toLowerCase()
      return headerLines(content).find(([name]) => name.toLowerCase() === wanted)?.[1]
    }
  }
}
