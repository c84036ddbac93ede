/** JSON Schemas of the requests, the same in both versions: clients do not notice the change. */
const id = { type: 'integer', minimum: 1 }
const status = { enum: ['open', 'paid', 'shipped', 'cancelled'] }

export const orderParams = { type: 'object', required: ['id'], properties: { id } }
export const customerParams = { type: 'object', required: ['customerId'], properties: { customerId: id } }
export const statusChange = { type: 'object', required: ['status'], properties: { status } }
export const ordersByStatus = { type: 'object', required: ['status'], properties: { status } }
export const newOrder = {
  type: 'object',
  required: ['customerId', 'currency', 'lines'],
  properties: {
    customerId: id,
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    couponCode: { type: 'string' },
    lines: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sku', 'quantity', 'price'],
        properties: { sku: { type: 'string' }, quantity: id, price: { type: 'integer', minimum: 0 } },
      },
    },
  },
}
