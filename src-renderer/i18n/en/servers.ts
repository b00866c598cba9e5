export const servers = {
};
