import { SetMetadata } from '@nestjs/common';

// What the decorators of packages that are not installed here leave on classes and methods.

type Decorator = ClassDecorator & MethodDecorator;

function metadata(values: Readonly<Record<string, unknown>>): Decorator {
  const all = Object.entries(values).map(([key, value]) => SetMetadata(key, value));
  return (...target: readonly unknown[]) => {
    for (const decorate of all) (decorate as (...target: readonly unknown[]) => void)(...target);
  };
}

/** `@Query()`, `@Mutation()` and `@Subscription()` of @nestjs/graphql. */
export const root = (type: 'Query' | 'Mutation' | 'Subscription'): Decorator =>
  metadata({ 'graphql:resolver_type': type, 'graphql:resolver_name': undefined });
export const Query = (): Decorator => root('Query');

/** `@Resolver('User')`, `@ResolveField()` and `@ResolveReference()` of @nestjs/graphql. */
export const Resolver = (): Decorator =>
  metadata({ 'graphql:resolver_type': 'User', 'graphql:resolver_name': 'User' });
export const ResolveField = (): Decorator => metadata({ 'graphql:resolve_property': true });
export const ResolveReference = (): Decorator => metadata({ 'graphql:resolve_reference': true });

/** The token of the options of `GraphQLModule`. */
export const GRAPHQL_OPTIONS = 'GqlModuleOptions';

/** `@WebSocketGateway()` and `@SubscribeMessage('chat')` of @nestjs/websockets. */
export const WebSocketGateway = (): Decorator => metadata({ 'websockets:is_gateway': true });
export const SubscribeMessage = (): Decorator =>
  metadata({ 'websockets:message_mapping': true, message: 'chat' });

/** `@MessagePattern('sum')` and `@EventPattern('sum')` of @nestjs/microservices. */
export const MessagePattern = (): Decorator =>
  metadata({ 'microservices:pattern': ['sum'], 'microservices:handler_type': 1 });
export const EventPattern = (): Decorator =>
  metadata({ 'microservices:pattern': ['sum'], 'microservices:handler_type': 2 });
