import type { Messages } from '../en.ts';

export const palette = {
  title: '搜索与命令',
  groups: { screens: '前往', jobs: '任务', runs: '执行记录', actions: '操作', namespaces: '命名空间' },
  newJob: '新建任务',
  firstJob: '新手引导',
  nothing: '没有匹配项',
  found: (count: number) => `${count} 个结果`,
  inForce: '当前生效',
  singleKeys: '单键快捷键',
  keyGroups: { anywhere: '任意位置', rows: '列表中', go: '前往页面' },
  keys: {
    filter: '筛选列表', pause: '暂停或恢复实时更新', help: '显示快捷键', down: '下一行', up: '上一行', open: '打开该行', select: '选择该行', edit: '编辑该行', run: '立即执行',
    alongTabs: '在标签间移动', closeTab: '关闭标签', moveTab: '移动标签',
  },
  tabs: '已打开的页面',
  tabMenu: '标签菜单',
  closeTab: (title: string) => `关闭 ${title}`,
  closeOthers: '关闭其他',
  closeAll: '关闭全部',
  maximise: '最大化',
  restore: '退出最大化',
  scrollLeft: '向左滚动标签',
  scrollRight: '向右滚动标签',
} satisfies Messages['palette'];
