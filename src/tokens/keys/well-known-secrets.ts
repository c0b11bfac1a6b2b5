/**
 * Secrets out of tutorials, READMEs and `.env.example` files, and the words they are put together
 * from. They are the first that anybody tries who wants to forge a token. Lower case; what
 * separates words does not count.
 */
export const WELL_KNOWN_SECRETS: readonly string[] = `
  secret secrets supersecret super_secret topsecret top_secret mysecret my_secret notsecret
  verysecret secretkey secret_key mysecretkey my_secret_key your_secret your_secret_key yoursecret
  yoursecretkey your-256-bit-secret your-384-bit-secret your-512-bit-secret 256-bit-secret
  jwt_secret jwtsecret jwt_secret_key jwtsecretkey jwt_key jwt_token jwt_private_key token_secret
  tokensecret app_secret appsecret auth_secret authsecret access_secret refresh_secret
  access_token_secret refresh_token_secret session_secret client_secret shared_secret shhhh shhhhh
  keyboard cat hush s3cr3t s3cret secr3t p4ssw0rd passw0rd p@ssw0rd p@ssword pa55word password
  passwords passphrase changeme change_me changeit change_it change_this changethis replaceme
  replace_me replace_this fixme todo example sample default dummy placeholder undefined null none
  true false object qwerty qwertyuiop qwertz azerty asdf asdfgh asdfghjkl zxcvbn zxcvbnm letmein
  iloveyou welcome admin administrator root toor guest user username test tester testing testtest
  foobar foobarbaz barbaz hello world helloworld hello_world lorem ipsum dolor amet abcdef
  deadbeef cafebabe badc0ffee c0ffee trustno1 monkey dragon master sunshine football baseball
  princess shadow superman batman nest nestjs node nodejs express flask django python typescript
  javascript docker kubernetes company access refresh token tokens authentication authorization
  auth bearer signing signature hmac sha256 hs256 hs384 hs512 private public encryption random
  string value text characters character bytes minimum least this that very long longer super safe
  secure strong hard guess please your with from should keep must need never changed own only
  really some thing change replace production development staging local localhost prod debug demo
  server service backend frontend project application website jwt key app api dev env for and not
  the use you has web bit 256 384 512 123 1234 2023 2024 2025 2026 my is in be to of at on or it
  an
`
  .trim()
  .split(/\s+/);
