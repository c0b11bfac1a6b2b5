/** Where `@nestjs/swagger` keeps what its decorator `@ApiBody` says; the package itself need not be there. */
const API_PARAMETERS = 'swagger/apiParameters';

/** Says in the API document, if there is one, what JSON a handler takes. */
export function describeBody(controller: object, handler: string, schema: object): void {
  // Its explorer insists on a type, and writes the schema in its place.
  const body = { in: 'body', required: true, type: String, schema };
  Reflect.defineMetadata(API_PARAMETERS, [body], Reflect.get(controller, handler) as object);
}
