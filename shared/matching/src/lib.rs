//! Exact bipartite matching with capacities: plan, certificate, prices and what-if.
