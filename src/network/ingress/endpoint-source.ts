import type { Route } from './route.ts';

/** Where a route's requests may go. */
export interface EndpointSource {
  /**
   * `10.244.1.2:8080`, `[fd00::2]:80`: ready endpoints of the route's Service, in an order of their
   * own that changes from call to call; none where there is no such Service or port.
   */
  endpointsOf(route: Route): readonly string[];
}
