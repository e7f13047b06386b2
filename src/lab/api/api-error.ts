/** An error the API answers with, in AWS's shape: wire code, HTTP status, message for a person. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
  }
}

/** An argument AWS's own validator would refuse. */
export function validationError(message: string): ApiError {
  return new ApiError('ValidationError', message);
}

/** AWS's words for one failed constraint of a parameter, e.g. `loadBalancerName`. */
export function constraintError(value: string | null, parameter: string, constraint: string): ApiError {
  const shown = value === null ? 'Value null' : `Value '${value}'`;
  return validationError(
    `1 validation error detected: ${shown} at '${parameter}' failed to satisfy constraint: Member must ${constraint}`,
  );
}

/** No such balancer. */
export function loadBalancerNotFound(name: string): ApiError {
  return new ApiError('LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${name}'`);
}

/** No such instance in the account. */
export function invalidInstance(id: string): ApiError {
  return new ApiError('InvalidInstance', `Could not find EC2 instance ${id}.`);
}

/** Something real AWS can do and the lab cannot: refused, so that nothing is reported that is not so. */
export function invalidConfiguration(message: string): ApiError {
  return new ApiError('InvalidConfigurationRequest', message, 409);
}
