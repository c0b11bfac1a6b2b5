/** As much of an application as the kit needs: an `INestApplication`, a `TestingModule`, or a module of several by `select`. */
export interface TestApp {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unnecessary-type-parameters -- as Nest types it
  get<T>(token: any, options: { strict: boolean }): T;
}
