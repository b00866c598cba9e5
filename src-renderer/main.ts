import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { findApi } from './api/client.ts';
import { i18n } from './i18n/index.svelte.ts';
import { live } from './state/live.svelte.ts';
import { prefs } from './state/prefs.svelte.ts';
import { route } from './state/route.svelte.ts';
import { session } from './state/session.svelte.ts';

prefs.start();
route.start();
await Promise.all([i18n.start(prefs.language), findApi()]);
session.start();
live.start();
const target = document.querySelector('#app');
if (target) mount(App, { target });
