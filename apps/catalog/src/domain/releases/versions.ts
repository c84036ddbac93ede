/** Returns a negative number when the first version is lower, a positive one when it is higher, by Semantic Versioning 2.0.0. */
export function compareVersions(left: string, right: string): number {
  const [leftCore = '', leftLabel] = split(left)
  const [rightCore = '', rightLabel] = split(right)
  const difference = compareParts(leftCore, rightCore)
  if (difference !== 0 || leftLabel === rightLabel) {
    return difference
  }
  // A version with a label comes before the same one without.
  if (leftLabel === undefined || rightLabel === undefined) {
    return leftLabel === undefined ? 1 : -1
  }
  return compareParts(leftLabel, rightLabel)
}

/** Tells whether the later version may break what the earlier one promised: another major one, below 1.0.0 another minor. */
export function mayBreak(earlier: string, later: string): boolean {
  const [major, minor] = later.split('.')
  const [majorBefore, minorBefore] = earlier.split('.')
  return major !== majorBefore || (major === '0' && minor !== minorBefore)
}

function split(version: string): [string, string | undefined] {
  const dash = version.indexOf('-')
  return dash === -1 ? [version, undefined] : [version.slice(0, dash), version.slice(dash + 1)]
}

function compareParts(left: string, right: string): number {
  const lefts = left.split('.')
  const rights = right.split('.')
  for (const [index, part] of lefts.entries()) {
    const other = rights[index]
    if (other === undefined) {
      return 1
    }
    const isNumber = /^\d+$/.test(part)
    const isOtherNumber = /^\d+$/.test(other)
    if (isNumber !== isOtherNumber) {
      return isNumber ? -1 : 1
    }
    if (part !== other) {
      return isNumber ? Number(part) - Number(other) : part < other ? -1 : 1
    }
  }
  return lefts.length - rights.length
}
