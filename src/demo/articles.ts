// News without a network: the same articles for the same subject and day.
import { z } from 'zod'
import { chanceOf, dateOf } from './lookup.ts'

export const article = z.object({
  title: z.string(),
  description: z.string(),
  url: z.string(),
  source: z.string(),
  published_at: z.string(),
})

const TEMPLATES: readonly (readonly [title: string, description: string])[] = [
  ['What is new in SUBJECT', 'A look at what has changed lately, and at what is expected next.'],
  ['SUBJECT: five things to know this week', 'The most important developments in short, with figures.'],
  ['Visitors and experts on SUBJECT', 'Voices from the ground, and a view from those who have followed it for years.'],
  ['SUBJECT in numbers', 'Prices, trends and comparisons with the year before.'],
  ['How SUBJECT is changing', 'Long-term trends explained, and why they matter now.'],
  ['Opinion: the future of SUBJECT', 'Three scenarios for the coming years.'],
  ['A guide to SUBJECT', 'Practical advice for those who meet the subject for the first time.'],
  ['SUBJECT: the story behind the headlines', 'Background to the reports of the last days.'],
]
const SOURCES = ['Demo Times', 'The Sample Post', 'Daily Example', 'Wire Offline']
const DAY_MS = 86_400_000

const slug = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')

/** At most eight articles on a subject, newest first. */
export function writeArticles(subject: string, count: number, nowMs: number): z.output<typeof article>[] {
  const first = Math.floor(chanceOf(subject) * TEMPLATES.length)
  return Array.from({ length: Math.min(count, TEMPLATES.length) }, (_, index) => {
    const [title, description] = TEMPLATES[(first + index) % TEMPLATES.length] ?? ['SUBJECT', '']
    const headline = title.replace('SUBJECT', () => subject)
    return {
      title: headline,
      description,
      url: `https://news.example/${encodeURIComponent(slug(headline))}`,
      source: SOURCES[Math.floor(chanceOf(subject, index) * SOURCES.length)] ?? 'Demo Times',
      published_at: `${dateOf(nowMs - index * DAY_MS)}T08:00:00Z`,
    }
  })
}
