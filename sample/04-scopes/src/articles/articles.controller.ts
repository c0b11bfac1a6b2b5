import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { CurrentIdentity, RequireClaims, RequireScope } from 'nestjs-jwt-extended';

@RequireScope('read:articles')
@Controller('articles')
export class ArticlesController {
  private readonly articles = [{ author: 'alice', title: 'Down the rabbit hole' }];

  @Get()
  list() {
    return this.articles;
  }

  /** Requires one more scope than the class. */
  @RequireScope('write:articles')
  @Post()
  publish(@CurrentIdentity() author: string, @Body('title') title: unknown) {
    this.articles.push({ author, title: String(title) });
    return { published: this.articles.length };
  }

  @RequireScope('write:articles')
  @RequireClaims({ roles: 'editor' }, { override: { roles: 'admin' } })
  @Delete()
  @HttpCode(200)
  clear() {
    return { removed: this.articles.splice(0).length };
  }
}
