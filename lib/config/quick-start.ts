// What runs when no configuration file is named: one virtual server on loopback with one printer, and a device for it to print on.

export const quickStart = `
groups:
  print:
    addresses: [127.0.0.1]
    networkName: localhost
    ipp: { port: 8631, operatorsFrom: [127.0.0.0/8] }
    lpd: { ports: [8515], optionalPorts: [515] }
    snmp: { port: 8161, community: public, allowFrom: [127.0.0.0/8] }
    printers:
      demo:
        device: socket://127.0.0.1:9100
        info: Demonstration printer
        location: This machine
        snmp: { community: public, port: 9161 }
admin: { address: 127.0.0.1, port: 8630 }
log: { level: warn }
`;
