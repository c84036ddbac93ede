// When a run may start. Times of day are those of the window's zone, so that a window keeps its hour when clocks change.

import { type MaintenanceWindow, weekdays } from '@freehold/contracts-migrations'

const minuteMs = 60_000
// A window that is open on one weekday only opens within eight days, whatever the clocks do.
const daysAhead = 8

/** Returns the first moment from `from` on at which one of the windows is open; `from` itself where there is none. */
export function findNextOpening(windows: MaintenanceWindow[], from: Date): Date {
  const openings = windows.map((window) => openingOf(window, from)).filter((opening) => opening !== undefined)
  return windows.length === 0 || openings.length === 0
    ? from
    : new Date(Math.min(...openings.map((opening) => opening.getTime())))
}

function openingOf(window: MaintenanceWindow, from: Date): Date | undefined {
  if (isOpen(window, from)) {
    return from
  }
  const clock = clockOf(window.zone)
  const today = clock(from)
  for (let days = 0; days <= daysAhead; days += 1) {
    const opening = fromClock(clock, today, days, minutesOf(window.from))
    if (opening > from && isOpen(window, opening)) {
      return opening
    }
  }
  return undefined
}

/** Tells whether the window is open; one that ends on the next day is open then, too. */
export function isOpen(window: MaintenanceWindow, at: Date): boolean {
  const { weekday, minutes } = clockOf(window.zone)(at)
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)]
  const isDay = (index: number): boolean =>
    window.weekdays.includes(weekdays[(index + 7) % 7] as (typeof weekdays)[number])
  if (from < to) {
    return isDay(weekday) && minutes >= from && minutes < to
  }
  return (isDay(weekday) && minutes >= from) || (isDay(weekday - 1) && minutes < to)
}

interface ClockReading {
  year: number
  month: number
  day: number
  weekday: number
  minutes: number
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function clockOf(zone: string): (at: Date) => ClockReading {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  })
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const number = (name: string): number => Number(parts[name])
    return {
      year: number('year'),
      month: number('month'),
      day: number('day'),
      weekday: weekdays.indexOf(parts['weekday']?.toLowerCase() as (typeof weekdays)[number]),
      minutes: number('hour') * 60 + number('minute'),
    }
  }
}

/** Returns the moment at which the clock shows those minutes so many days after the reading; later where it skips them. */
function fromClock(clock: (at: Date) => ClockReading, today: ClockReading, days: number, minutes: number): Date {
  const wanted = Date.UTC(today.year, today.month - 1, today.day + days, 0, minutes)
  let at = wanted
  // What the clock shows is off by the zone's offset; a second look sees the offset that is valid then.
  for (let look = 0; look < 2; look += 1) {
    const shown = clock(new Date(at))
    at += wanted - Date.UTC(shown.year, shown.month - 1, shown.day, 0, shown.minutes)
  }
  const shown = clock(new Date(at))
  const isSkipped = Date.UTC(shown.year, shown.month - 1, shown.day, 0, shown.minutes) < wanted
  return new Date(isSkipped ? at + 60 * minuteMs : at)
}
