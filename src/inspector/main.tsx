import { render } from 'preact';
import { Inspector } from './inspector.jsx';

const root = document.getElementById('inspector');
if (root) {
  root.replaceChildren();
  render(<Inspector />, root);
}
