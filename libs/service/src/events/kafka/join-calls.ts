/**
 * Returns a function that hands over, as one, what it was called with in one turn and while the work before was under
 * way. All callers of one piece of work learn how it ended; there is never more than one under way.
 */
export function joinCalls<Item>(work: (items: Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let items: Item[] = []
  let next: Promise<void> | undefined
  let current: Promise<void> = Promise.resolve()
  const run = (): Promise<void> => {
    const taken = items
    items = []
    next = undefined
    current = work(taken)
    return current
  }
  return (item) => {
    items.push(item)
    next ??= current.then(run, run)
    return next
  }
}
