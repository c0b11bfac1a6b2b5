export { JwtPassportModule, type JwtPassportOptions } from './jwt-passport.module.js';
