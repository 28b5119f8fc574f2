// The fonts of the system need no download.
import DefaultTheme from 'vitepress/theme-without-fonts';
import './look.css';

export default DefaultTheme;
