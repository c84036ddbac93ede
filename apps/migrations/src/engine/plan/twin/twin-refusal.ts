/** Thrown when a table has something that its twin could not keep, with the reason in words for people. */
export class TwinRefusal extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'TwinRefusal'
  }
}
