// What a route means in types, for those who call it and for those who answer it.

import type { z } from 'zod'
import type { Route } from './route.ts'

type Simplify<T> = { [K in keyof T]: T[K] } & {}

/** `{ params: … }` where the route has such a part; with `?` where nothing in it has to be given. */
type Given<R, Part extends string> =
  R extends Record<Part, infer S extends z.ZodType>
    ? Record<never, never> extends z.input<S>
      ? { [K in Part]?: z.input<S> }
      : { [K in Part]: z.input<S> }
    : Record<never, never>

/** What a caller gives. */
export type RequestOf<R extends Route> = Simplify<
  Given<R, 'params'> & Given<R, 'query'> & Given<R, 'body'> & { signal?: AbortSignal | undefined }
>

/** A part of the request as the answering side gets it: checked and with its defaults. */
export type PartOf<R extends Route, Part extends 'params' | 'query' | 'body'> =
  R extends Record<Part, infer S extends z.ZodType> ? z.output<S> : undefined

/** The statuses of a route's successes. */
export type StatusOf<R extends Route> = keyof R['response'] & number

/** What a caller receives: the body of the success, or one event of a stream. */
export type ReceivedBody<R extends Route> = {
  [S in StatusOf<R>]: R['response'][S] extends z.ZodType ? z.output<R['response'][S]> : never
}[StatusOf<R>]

/** What the answering side gives for a status. */
export type SentBody<R extends Route, S extends StatusOf<R> = StatusOf<R>> = {
  [K in S]: R['response'][K] extends z.ZodType ? z.input<R['response'][K]> : never
}[S]
