// news-tool: articles on any subject.
import { z } from 'zod'
import type { ServableComponent } from '../component/index.ts'
import { capability, createComponent } from '../component/index.ts'
import type { Clock } from '../contracts/parts.ts'
import { article, writeArticles } from './articles.ts'

export function createNewsTool(clock: Clock): ServableComponent {
  const search = capability({
    name: 'search_news',
    description: 'Searches recent news articles about a subject, such as a place, a company or a topic.',
    input: z.object({
      query: z
        .string()
        .min(1)
        .describe('Subject to search for, such as "Seoul travel"')
        .meta({ examples: ['Seoul travel'] }),
      max_results: z
        .number()
        .int()
        .min(1)
        .max(8)
        .default(3)
        .describe('Number of articles, 1 to 8')
        .meta({ examples: [3] }),
      language: z
        .string()
        .default('en')
        .describe('Two-letter language code')
        .meta({ examples: ['en'] }),
    }),
    output: z.object({ articles: z.array(article), total_articles: z.number() }),
    effect: 'read',
    tags: ['news'],
    execute: ({ query, max_results }) => {
      const articles = writeArticles(query.slice(0, 200), max_results, clock.now())
      return { articles, total_articles: articles.length }
    },
  })
  return createComponent({ name: 'news-tool', description: 'Searches recent news.', capabilities: [search] })
}
