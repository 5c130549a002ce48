/** Where the configuration of all parts is, unless a flag names another file. */
export const defaultConfigPath = '/etc/keelson/config.yaml';
