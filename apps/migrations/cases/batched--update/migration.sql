UPDATE orders SET note = 'paid: ' || note WHERE status = 'paid';
