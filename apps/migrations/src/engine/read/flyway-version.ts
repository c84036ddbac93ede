/** Returns the version as Flyway writes it: `1_2` is 1.2. */
export function toFlywayVersion(text: string): string {
  return text.replaceAll('_', '.')
}

/** Returns less than 0 where the first version comes first, 0 where Flyway takes both for one: 1.0 is 1, 002 is 2. */
export function compareFlywayVersions(one: string, other: string): number {
  const [first, second] = [partsOf(one), partsOf(other)]
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const [left = 0n, right = 0n] = [first[index], second[index]]
    if (left !== right) {
      return left < right ? -1 : 1
    }
  }
  return 0
}

function partsOf(version: string): bigint[] {
  return version.split('.').map((part) => BigInt(part))
}
