/** Statements on one object, with what they come before and after among the others. */
export interface RevertAction {
  id: string
  rank: number
  sql: string[]
}

/** Returns the actions by rank, each after those that it needs; `needs` is by id. */
export function sortActions(actions: RevertAction[], needs: Map<string, string[]>): RevertAction[] {
  const byId = new Map(actions.map((action) => [action.id, action]))
  const sorted: RevertAction[] = []
  const visited = new Set<string>()
  const visit = (action: RevertAction): void => {
    if (visited.has(action.id)) {
      return
    }
    visited.add(action.id)
    for (const need of needs.get(action.id) ?? []) {
      const needed = byId.get(need)
      if (needed !== undefined) {
        visit(needed)
      }
    }
    sorted.push(action)
  }
  for (const action of [...actions].sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))) {
    visit(action)
  }
  return sorted
}
