export {
  blocklistStoreContract,
  type ContractCase,
  type OpenedStore,
} from './blocklist-store-contract.js';
export { type StoreFeatures } from './store-features.js';
