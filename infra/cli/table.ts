/** A table in box characters. A column of numbers (with or without a unit) stands to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const columns = head.map((title, i) => {
    const cells = rows.map((row) => row[i] ?? '')
    const isNumeric = cells.every((cell) => /^$|^-$|^[-+]?[\d.,]+( ?[a-z%/]+)?$/i.test(cell))
    return { width: Math.max(title.length, ...cells.map((cell) => cell.length)), isNumeric }
  })
  const line = (left: string, middle: string, right: string) =>
    left + columns.map(({ width }) => '─'.repeat(width + 2)).join(middle) + right
  const align = (cell: string, { width, isNumeric }: (typeof columns)[number]) => (isNumeric ? cell.padStart(width) : cell.padEnd(width))
  const cells = (row: readonly string[]) => `│${columns.map((column, i) => ` ${align(row[i] ?? '', column)} `).join('│')}│`
  return [line('┌', '┬', '┐'), cells(head), line('├', '┼', '┤'), ...rows.map(cells), line('└', '┴', '┘')]
}
